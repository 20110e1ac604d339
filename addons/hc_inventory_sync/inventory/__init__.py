# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What can be decided about stock without Odoo: adding up."""
