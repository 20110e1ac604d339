# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Views that extend others of this addon may ask for what those no longer have.

Odoo loads the files one after the other, and each view with those of the version before that
extend it. They are emptied first, and filled again by their own files.
"""

EMPTY = """
UPDATE ir_ui_view SET arch_db = jsonb_build_object('en_US', '<data/>')
 WHERE inherit_id IS NOT NULL AND mode = 'extension' AND id IN (
       SELECT res_id FROM ir_model_data
        WHERE model = 'ir.ui.view' AND module = 'healthcare_integration_base')
"""


def migrate(cr, version):
    """Odoo's entry, before the addon's files are read."""
    if version:
        cr.execute(EMPTY)
