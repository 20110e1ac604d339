# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Batches of messages about items and vendors."""
