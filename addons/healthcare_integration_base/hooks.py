# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
FORGET_NAMES = """
DELETE FROM ir_model_data d
 WHERE d.module NOT IN (SELECT name FROM ir_module_module WHERE state = 'to remove')
   AND (d.model, d.res_id) IN (
    SELECT 'ir.model.fields', f.id FROM ir_model_fields f WHERE f.model LIKE 'hc.%'
    UNION ALL
    SELECT 'ir.model.fields.selection', s.id FROM ir_model_fields_selection s
      JOIN ir_model_fields f ON f.id = s.field_id WHERE f.model LIKE 'hc.%'
    UNION ALL
    SELECT 'ir.model.inherit', i.id FROM ir_model_inherit i
      JOIN ir_model m ON m.id = i.model_id WHERE m.model LIKE 'hc.%')
"""


def uninstall_hook(env):
    """Take away what the addon made at run time, and lock what it leaves.

    The audit trail stays: a trail that goes with the software it watched proves nothing.
    """
    env["hc.lane"].with_context(active_test=False).search([]).cron_ids.unlink()
    env["hc.system"].with_context(active_test=False).search([]).user_id.active = False
    env["ir.config_parameter"].search([("key", "=like", "healthcare_integration.%")]).unlink()
    # Lanes go with their table: one by one they cannot, while channels name them.
    env["ir.model.data"].search(
        [("module", "=", "healthcare_integration_base"), ("model", "=", "hc.lane")]
    ).unlink()
    # Names that other addons (mail, sms) gave to parts of our models: Odoo would leave them.
    env.cr.execute(FORGET_NAMES)
