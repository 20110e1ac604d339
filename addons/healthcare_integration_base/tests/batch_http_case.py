# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from .batch_case import BatchCase
from .outbound_common import Reaching
from .receiver import Receiver


class Lost(BaseException):
    """The worker is gone: nothing of it runs any more."""


class BatchHttpCase(Reaching, BatchCase):
    """A job that calls an endpoint, which a test leads to its receiver."""

    def setUp(self):
        super().setUp()
        self.endpoint = self.make_endpoint(self.system)

    def listen(self, *script):
        """A receiver at the endpoint for the rest of the test."""
        receiver = Receiver(*script)
        receiver.__enter__()
        self.addCleanup(receiver.__exit__)
        self.endpoint.url = receiver.url("/feed")
        return receiver

    def make_http(self, **values):
        return self.make_job(
            **{
                "transport": "http",
                "store_id": False,
                "endpoint_id": self.endpoint.id,
                "file_format": "json",
                "identity": "fields",
                "identity_fields": "/number",
                "page_size": 3,
                **values,
            }
        )

    def sync(self, job, until_rest=True):
        """As the scheduled action would; the job's newest run."""
        super().sync(job, until_rest)
        return job.run_ids.sorted("id", reverse=True)[:1]

    def lose(self, job):
        """Run the job until its worker is gone; assertRaises would take back what it did."""
        try:
            self.sync(job)
        except Lost:
            self.env.invalidate_all()
            return
        self.fail("the worker was not lost")

    def make_due_again(self, run):
        run.sudo().next_try_at = "2020-01-01"
        self.work()
