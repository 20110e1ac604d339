# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models


class HcSyncJob(models.Model):
    """Scheduled pulls after a restore of the database."""

    _name = "hc.sync.job"
    _inherit = ["hc.sync.job", "hc.restore.source"]

    def _rewind(self, moment):
        """Files that are left in place are taken again by themselves: the runs that had taken
        them went with the restore, and what is known is a duplicate. Files that a run after
        the moment has moved or deleted are out of its sight."""
        pulls = self.filtered(lambda job: job.direction == "in")
        return [(job.channel_id, job._rewound_text(moment), job._is_whole()) for job in pulls]

    def _is_whole(self):
        return self.after_success == "keep"

    def _rewound_text(self, moment):
        if self._is_whole():
            return self.env._("Reads its files again")
        if self.after_success == "move":
            return self.env._("Put the files back that are in the folder done since %s", moment)
        return self.env._("Files were deleted: ask the partner for those since %s", moment)
