# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Supply messages: what their codes mean in Odoo, and how a batch is posted."""
