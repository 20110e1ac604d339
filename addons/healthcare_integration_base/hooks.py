# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
def uninstall_hook(env):
    """Take away what the addon made at run time, and lock what it leaves.

    The audit trail stays: a trail that goes with the software it watched proves nothing.
    """
    env["hc.lane"].with_context(active_test=False).search([]).cron_id.unlink()
    env["hc.system"].with_context(active_test=False).search([]).user_id.active = False
    # Lanes go with their table: one by one they cannot, while channels name them.
    env["ir.model.data"].search(
        [("module", "=", "healthcare_integration_base"), ("model", "=", "hc.lane")]
    ).unlink()
