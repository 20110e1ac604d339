"""A started server with demo data, its systems' credentials, and what tests ask of them."""

from __future__ import annotations

import functools
import itertools
import secrets
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hcdev import common, config, database
from hcdev.postgres import Cluster
from simulate import codes, credentials, documents, world
from simulate.client import Sender
from simulate.codes import Route
from simulate.documents import Use
from simulate.rpc import Odoo
from simulate.world import Item, Ward, World

from . import cluster as clusters
from . import demo
from .machine import Machine

BASE = "healthcare_integration_base"
QUIET = {"done", "review", "duplicate", "superseded", "rejected", "cancelled", "dead"}
PASSWORD = "acceptance-only"
PLENTY = Decimal(1_000_000)
# What goes on by itself: not what its ordering key holds behind a message in review.
WAITING = """
SELECT count(*)
  FROM hc_message m JOIN hc_channel c ON c.id = m.channel_id
 WHERE m.state IN ('received', 'retry')
   AND (c.ordering_policy = 'pass' OR NOT EXISTS (
        SELECT 1 FROM hc_message e
         WHERE e.system_id = m.system_id AND e.lane_id = m.lane_id AND e.shard = m.shard
           AND e.ordering_key = m.ordering_key AND e.id < m.id AND e.state = 'review'))
"""


class Hospital:
    """Everything that a black-box test needs."""

    def __init__(
        self, machine: Machine, cluster: Cluster, known: Iterable[dict[str, Any]] = ()
    ) -> None:
        self.machine = machine
        self.cluster = cluster
        self.admin = Odoo(machine.base_url, machine.database, "admin", "admin")
        self.systems = {
            one["code"]: one
            for one in credentials.ensure(self.admin, machine.base_url, list(known))
        }
        self.run = secrets.token_hex(4)
        self._numbers = itertools.count(1)

    # ------------------------------------------------------------- who sends

    def route(self, format_: str, kind: str = documents.CONSUMED) -> Route:
        """The channel of this format that takes this type."""
        found = codes.route(self.systems.values(), kind, format_)
        assert found, f"no channel takes {kind} as {format_}"
        return found

    def by_format(self, format_: str, kind: str = documents.CONSUMED) -> dict[str, Any]:
        """The system that has such a channel."""
        return self.systems[self.route(format_, kind).system]

    def channel(self, format_: str, kind: str = documents.CONSUMED) -> dict[str, Any]:
        """Such a channel."""
        code, channels = self.route(format_, kind).channel, self.by_format(format_, kind)
        return next(channel for channel in channels["channels"] if channel["code"] == code)

    def sender(self, format_: str = "cloudevents", kind: str = documents.CONSUMED) -> Sender:
        """The sender of such a channel."""
        return Sender.of(self.machine.base_url, self.by_format(format_, kind))

    @property
    def native(self) -> str:
        """The code of the native channel."""
        return str(self.channel("cloudevents")["code"])

    @property
    def source(self) -> str:
        """The source that the native credential names."""
        return str(self.by_format("cloudevents")["sources"][0])

    @functools.cached_property
    def manager(self) -> Odoo:
        """An integration manager, who is not the one that submits."""
        return self.user("acceptance-manager", f"{BASE}.group_integration_manager")

    def user(self, login: str, *groups: str) -> Odoo:
        """A person with these groups."""
        ids = [self.ref(group) for group in ("base.group_user", *groups)]
        values = {"name": login, "login": login, "password": PASSWORD, "group_ids": [(6, 0, ids)]}
        self.admin.create("res.users", values)
        return Odoo(self.machine.base_url, self.machine.database, login, PASSWORD)

    def ref(self, name: str) -> int:
        """The id of an external id."""
        module, _dot, own = name.partition(".")
        domain = [("module", "=", module), ("name", "=", own)]
        return int(self.admin.read("ir.model.data", domain, ["res_id"])[0]["res_id"])

    def new_system(self, code: str, **values: Any) -> dict[str, Any]:
        """Another system with one native channel and credentials, made as people make it."""
        system = self.admin.create("hc.system", {"name": code, "code": code, **values})
        types = self.admin.read("hc.message.type", [("name", "=", documents.CONSUMED)], ["id"])
        self.new_channel(system, f"{code}-in", types[0]["id"])
        entries = credentials.catalog(self.admin)
        entry = next(one for one in entries if one["id"] == system)
        return credentials.with_credentials(self.admin, self.machine.base_url, entry, None)

    def new_channel(self, system: int, code: str, *types: int, **values: Any) -> int:
        """A channel that somebody submitted and somebody else approved."""
        fields = {"name": code, "code": code, "system_id": system, **values}
        fields["message_type_ids"] = [(6, 0, list(types))]
        channel = self.admin.create("hc.channel", fields)
        self.admin.call("hc.channel", "action_submit", [channel])
        self.manager.call("hc.channel", "action_activate", [channel])
        return channel

    def new_credential(self, kind: str = "signature", **values: Any) -> dict[str, str]:
        """Another credential of the native system, with what is shown once."""
        system = self.by_format("cloudevents")["id"]
        fields = {"name": "test", "system_id": system, "kind": kind, **values}
        identifier = self.admin.create("hc.credential", fields)
        shown = self.admin.call("hc.credential", "action_issue", [identifier])["context"]
        return {**shown, "id": str(identifier)}

    # ------------------------------------------------------------ what is sent

    @functools.cached_property
    def world(self) -> World:
        """What the native system can talk about."""
        return world.read(self.admin, self.by_format("cloudevents")["id"])

    @functools.cached_property
    def ehr(self) -> World:
        """What the health record can talk about."""
        return world.read(self.admin, self.by_format("hl7v2")["id"])

    def new_id(self, kind: str = "evt") -> str:
        """An id that nobody had."""
        return f"{kind}-{self.run}-{next(self._numbers)}"

    def use(self, quantity: int = 1, *, ward: int = 0, item: int = 0, **more: Any) -> Use:
        """A use of an item without lots, an hour ago."""
        at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
        place, thing = self.world.wards[ward], self.world.plain[item]
        return Use(place, thing, quantity, at, **more)

    def event(self, *uses: Use, identifier: str | None = None, **data: Any) -> dict[str, Any]:
        """A valid event that nobody has sent yet."""
        return documents.event(
            identifier or self.new_id(), self.source, uses or (self.use(),), **data
        )

    def stock_up(self, places: Iterable[tuple[Ward, Item]] = ()) -> None:
        """Enough of everything, so that no test runs dry."""
        pairs = list(places) or list(itertools.product(self.world.wards, self.world.plain))
        wanted = {(ward.stock, item.product, None): PLENTY for ward, item in pairs}
        world.top_up(self.admin, wanted)

    # ------------------------------------------------------- what came of it

    def settled(
        self,
        message_id: str,
        format_: str = "cloudevents",
        within: float = 60,
    ) -> dict[str, Any]:
        """The status of a message once it rests."""
        sender, deadline = self.sender(format_), time.monotonic() + within
        while True:
            answer = sender.status(message_id, bearer=True)
            assert answer.status_code == 200, answer.text
            found: dict[str, Any] = answer.json()
            if found["state"] in QUIET:
                return found
            assert time.monotonic() < deadline, f"{message_id} is {found['state']}"
            time.sleep(0.1)

    def state_of(self, message_id: str, wanted: str, within: float = 60) -> dict[str, Any]:
        """The status of a message once it is in a state."""
        deadline = time.monotonic() + within
        while (found := self.settled(message_id, within=within))["state"] != wanted:
            assert time.monotonic() < deadline, f"{message_id} is {found['state']}"
            time.sleep(0.2)
        return found

    def drained(self, within: float = 120, *, nudge: bool = False) -> None:
        """Wait until nothing is to be done any more, but for what waits for a person: in
        review, or behind a message in review.

        :param nudge: spare the minute until a new cron process looks for work on its own.
        """
        deadline = time.monotonic() + within
        while left := self.waiting():
            assert time.monotonic() < deadline, f"{left} messages wait"
            if nudge:
                self.machine.nudge()
            time.sleep(1 if nudge else 0.3)

    def waiting(self) -> int:
        """How many messages go on by themselves, now or later."""
        return int(self.machine.sql(WAITING)[0][0])

    def row(self, message_id: str) -> dict[str, Any]:
        """The ledger's row of a message."""
        names = ("message_identifier", "payload", "dropped", "state", "error_code", "subject")
        query = f"SELECT {', '.join(names)} FROM hc_message WHERE uuid = %s"
        return dict(zip(names, self.machine.sql(query, message_id)[0], strict=True))

    def kept(self, identifier: str) -> int:
        """How many messages have this id of the sender."""
        query = "SELECT count(*) FROM hc_message WHERE message_identifier = %s"
        return int(self.machine.sql(query, identifier)[0][0])

    def total(self) -> int:
        """How many messages there are."""
        return int(self.machine.sql("SELECT count(*) FROM hc_message")[0][0])

    def on_hand(self, use: Use) -> Decimal:
        """The stock of the place that a use takes from, with nothing left to be posted."""
        self.drained()
        stock = world.read_stock(self.admin, [use.ward.stock])
        return Decimal(stock.get(use.place, Decimal()))


def build(name: str = "tests", *, install: Sequence[str] = (), **options: Any) -> Hospital:
    """A server with demo data on a cluster of its own.

    :param install: addons of tests, beside ours; ``options`` go to the machine.
    """
    cluster, server = clusters.make(name)
    machine = Machine(common.WORK / name, server, f"hc_{name}", **options)
    clean(machine)
    clusters.copy_template(server, machine.database)
    if install:
        machine.odoo("-i", ",".join(install))
    machine.shell(demo.load_code(in_order()), "loading the demo data")
    machine.start()
    hospital = Hospital(machine, cluster)
    hospital.stock_up()
    return hospital


def clean(machine: Machine) -> None:
    """No process and no log line of a former run."""
    machine.stop()
    for path in machine.folder.glob("*.log"):
        path.unlink()
    config.ensure_key()


def in_order() -> list[str]:
    """Our addons, those that others depend on first."""
    ours = database.manifests()
    done: list[str] = []
    while len(done) < len(ours):
        done += [
            name
            for name, manifest in ours.items()
            if name not in done and set(manifest.get("depends", ())).intersection(ours) <= set(done)
        ]
    return done


def tear_down(hospital: Hospital) -> None:
    """Leave nothing running."""
    hospital.machine.stop()
    clusters.stop(hospital.cluster)
