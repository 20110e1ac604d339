/* License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl) */
import { Component, onWillStart, onWillUnmount, useState } from "@odoo/owl";
import { scanBarcode } from "@web/core/barcode/barcode_dialog";
import { isBarcodeScannerSupported } from "@web/core/barcode/barcode_video_scanner";
import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { normalize } from "@web/core/l10n/utils/normalize";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { groupBy } from "@web/core/utils/arrays";
import { Mutex } from "@web/core/utils/concurrency";
import { useBus, useService } from "@web/core/utils/hooks";
import { useDebounced } from "@web/core/utils/timing";
import { ControlPanel } from "@web/search/control_panel/control_panel";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { Cart } from "./cart";
import { CartPanel } from "./cart_panel";
import { EntriesPanel } from "./entries_panel";
import { LotDialog } from "./lot_dialog";
import { isRefusal, quantityOf, sentenceOf } from "./words";

const { DateTime } = luxon;
const MODEL = "hc.record.use";
const SHORTEST_SEARCH = 2;
const FIRST_LOOK = 1000;
const LATEST_LOOK = 15000;

/** Choose a ward, tap or scan what was used there, confirm, and see what becomes of it. */
export class RecordUse extends Component {
    static template = "hc_inventory_sync.RecordUse";
    static components = { CartPanel, ControlPanel, EntriesPanel };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.scans = new Mutex();
        this.quantityOf = quantityOf;
        this.hasCamera = isBarcodeScannerSupported();
        this.state = useState({
            wards: [],
            maySetUp: false,
            ward: null,
            items: [],
            text: "",
            others: [],
            entries: [],
            message: null,
            isLoading: true,
            isSending: false,
            cart: null,
        });
        this.search = useDebounced(this.searchOthers, 300);
        useBus(useService("barcode").bus, "barcode_scanned", (ev) => this.scan(ev.detail.barcode));
        onWillStart(() => this.start());
        onWillUnmount(() => browser.clearTimeout(this.timer));
    }

    get cart() {
        return this.state.cart;
    }

    // ------------------------------------------------------------------- wards

    async start() {
        await this.attempt(async () => {
            const { wards, may_set_up, now } = await this.call("get_wards");
            Object.assign(this.state, { wards, maySetUp: may_set_up });
            this.lead = DateTime.fromISO(now).diffNow();
            await this.refreshEntries();
        });
        this.state.isLoading = false;
        const last = Number(browser.localStorage.getItem(this.key("ward")));
        const { wards } = this.state;
        const ward = wards.find(({ id }) => id === last) || (wards.length === 1 && wards[0]);
        if (ward) {
            await this.openWard(ward);
        }
    }

    get facilities() {
        const byFacility = groupBy(this.state.wards, ({ facility, company }) =>
            company ? `${facility} (${company})` : facility
        );
        return Object.entries(byFacility).map(([name, wards]) => ({ name, wards }));
    }

    async openWard(ward) {
        this.state.isLoading = true;
        await this.attempt(async () => {
            const { items } = await this.call("open_ward", ward.id);
            const cart = new Cart(this.key(`cart.${ward.id}`));
            cart.refresh(items);
            Object.assign(this.state, { ward, items, cart, text: "", others: [] });
            this.settlePending();
            browser.localStorage.setItem(this.key("ward"), ward.id);
        });
        this.state.isLoading = false;
    }

    leaveWard() {
        Object.assign(this.state, { ward: null, cart: null, message: null });
        browser.localStorage.removeItem(this.key("ward"));
    }

    key(name) {
        return `hc_record_use.${user.userId}.${name}`;
    }

    openSetUp() {
        this.action.doAction("hc_inventory_sync.action_hc_ward_setup");
    }

    // ------------------------------------------------------------------- items

    get items() {
        const words = normalize(this.state.text).split(/\s+/).filter(Boolean);
        return this.state.items.filter(({ name, variant, code }) => {
            const title = normalize(`${code} ${name} ${variant}`);
            return words.every((word) => title.includes(word));
        });
    }

    onSearch(ev) {
        this.state.text = ev.target.value;
        this.state.others = [];
        this.search();
    }

    /** A scanner types into the field that has the focus. */
    async onSearchKey(ev) {
        const text = this.state.text.trim();
        if (ev.key !== "Enter" || !text) {
            return;
        }
        if (this.items.length === 1) {
            await this.tap(this.items[0]);
        } else if (!this.items.length) {
            await this.scan(text);
        }
        ev.target.select();
    }

    async searchOthers() {
        const text = this.state.text.trim();
        if (text.length < SHORTEST_SEARCH) {
            return;
        }
        await this.attempt(async () => {
            const found = await this.call("find_items", this.state.ward.id, text);
            if (text === this.state.text.trim()) {
                const known = new Set(this.items.map(({ id }) => id));
                this.state.others = found.filter(({ id }) => !known.has(id));
            }
        });
    }

    inCart(item) {
        const lines = this.cart.lines.filter((line) => line.item.id === item.id);
        const total = lines.reduce((sum, line) => sum + (Number(line.quantity) || 0), 0);
        return total ? quantityOf(total, "") : "";
    }

    async tap(item) {
        if (this.isLocked()) {
            return;
        }
        this.state.message = null;
        if (item.tracking === "none") {
            this.cart.add(item, null);
        } else {
            await this.askLot(item);
        }
    }

    async askLot(item) {
        await this.attempt(async () => {
            const { ward } = this.state;
            const lots = await this.call("get_lots", ward.id, item.id, this.cart.kind);
            const lines = this.cart.lines.filter((line) => line.item.id === item.id);
            this.closeDialog = this.dialog.add(LotDialog, {
                item,
                lots,
                taken: lines.map((line) => line.lot.name),
                onChosen: (lot) => this.cart.add(item, lot),
                onScan: (barcode) => this.scan(barcode),
            });
        });
    }

    /** Between sending and the answer nothing may change: it would not be what was sent. */
    isLocked() {
        if (this.cart.isPending && !this.state.isSending) {
            this.tell("warning", _t("First try again to send the entry below, or discard it."));
        }
        return this.cart.isPending || this.state.isSending;
    }

    // ------------------------------------------------------------------- scans

    /** Scanners are faster than the network: one barcode after the other. */
    scan(barcode) {
        return this.scans.exec(() => this.attempt(() => this.readBarcode(barcode)));
    }

    async openCamera() {
        const barcode = await scanBarcode(this.env, "environment").catch(() => null);
        if (barcode) {
            await this.scan(barcode);
        }
    }

    async readBarcode(barcode) {
        const { ward, wards } = this.state;
        if (ward && this.isLocked()) {
            return;
        }
        const found = await this.call("read_barcode", ward?.id || false, barcode);
        this.state.message = null;
        if (!found) {
            this.tell("danger", _t("Nothing has the barcode %s. Nothing was added.", barcode));
        } else if (found.ward) {
            await this.openWard(wards.find(({ id }) => id === found.ward));
        } else {
            this.closeDialog?.();
            await this.addScanned(found);
        }
    }

    async addScanned({ item, lot, quantity }) {
        if (item.tracking === "none") {
            this.cart.add(item, null, quantity);
        } else if (!lot) {
            await this.askLot(item);
        } else if (item.tracking === "serial" && this.cart.find(item, lot)) {
            this.tell("warning", _t("%s is in the list already.", lot.name));
        } else {
            const isSerial = item.tracking === "serial";
            this.cart.add(item, { ...lot, isTyped: !lot.known }, isSerial ? "1" : quantity);
        }
    }

    // ------------------------------------------------------------------- entry

    async confirm() {
        const { cart, state } = this;
        if (state.isSending || !cart.isReady) {
            return;
        }
        Object.assign(state, { isSending: true, message: null });
        cart.send(DateTime.utc().plus(this.lead).toISO());
        try {
            const entry = await this.call(
                "post",
                state.ward.id,
                cart.kind,
                cart.transaction,
                cart.at,
                cart.data
            );
            this.accept(cart, entry);
        } catch (error) {
            this.explain(cart, error);
        }
        state.isSending = false;
    }

    accept(cart, entry) {
        const others = this.state.entries.filter(
            ({ transaction }) => transaction !== entry.transaction
        );
        this.state.entries = [entry, ...others];
        cart.clear();
        this.look(FIRST_LOOK);
    }

    explain(cart, error) {
        const sentence = sentenceOf(error);
        if (isRefusal(error)) {
            cart.release();
            this.tell("danger", sentence);
        } else {
            const hint = _t(
                "It is not certain whether the entry was received. Try again: it is recorded once."
            );
            this.tell("danger", `${sentence} ${hint}`);
            this.look(FIRST_LOOK);
        }
    }

    /** An entry whose answer was lost may be there all the same. */
    settlePending() {
        const { cart, state } = this;
        const entry =
            cart?.isPending &&
            !state.isSending &&
            state.entries.find(({ transaction }) => transaction === cart.transaction);
        if (entry) {
            this.accept(cart, entry);
            this.tell("success", _t("The entry was received."));
        }
    }

    // ------------------------------------------------------------ what became of it

    /** Look again as long as something is on its way, less and less often. */
    look(delay) {
        browser.clearTimeout(this.timer);
        this.timer = browser.setTimeout(async () => {
            await this.refreshEntries(delay * 1.5).catch(() => this.look(LATEST_LOOK));
        }, Math.min(delay, LATEST_LOOK));
    }

    async refreshEntries(delay = FIRST_LOOK) {
        const waited = this.isWaiting;
        this.state.entries = await this.call("get_entries");
        this.settlePending();
        if (this.isWaiting || this.cart?.isPending) {
            this.look(delay);
        } else if (waited && this.state.ward) {
            const { items } = await this.call("open_ward", this.state.ward.id);
            this.state.items = items;
            this.cart.refresh(items);
        }
    }

    get isWaiting() {
        return this.state.entries.some(({ state }) => state === "waiting");
    }

    // ------------------------------------------------------------------- server

    call(method, ...args) {
        return this.orm.silent.call(MODEL, method, args);
    }

    /** Do something that may fail: the sentence is shown, the list stays as it is. */
    async attempt(action) {
        try {
            await action();
        } catch (error) {
            this.tell("danger", sentenceOf(error));
        }
    }

    /** Show a message, or none. */
    tell(kind, text) {
        this.state.message = text ? { kind, text } : null;
    }
}

registry.category("actions").add("hc_record_use", RecordUse);
