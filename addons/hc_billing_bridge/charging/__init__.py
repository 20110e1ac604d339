# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""From the messages of a batch to charges: lookups, reading, pricing, matching."""
