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
        files = pulls.filtered(lambda job: job.transport == "files")
        told = [(job.channel_id, job._rewound_text(moment), job._is_whole()) for job in files]
        return told + [(job.channel_id, job._set_back(moment), True) for job in pulls - files]

    def _set_back(self, moment):
        """Sources with a cursor: back to where the last run had come that ended before the
        moment; without one all is read again."""
        run = self.env["hc.sync.run"].search(
            [("job_id", "=", self.id), ("finished_at", "<", moment)],
            order="finished_at desc, id desc",
            limit=1,
        )
        self.cursor = run.cursor
        if not run.cursor:
            return self.env._("Reads again from the beginning")
        return self.env._("Reads again from where it was at %s", run.finished_at)

    def _is_whole(self):
        return self.after_success == "keep"

    def _rewound_text(self, moment):
        if self._is_whole():
            return self.env._("Reads its files again")
        if self.after_success == "move":
            return self.env._("Put the files back that are in the folder done since %s", moment)
        return self.env._("Files were deleted: ask the partner for those since %s", moment)
