/* License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl) */
import { browser } from "@web/core/browser/browser";

const PLACES = 6;
// Longer numbers are barcodes that went into the field.
const QUANTITY = /^\d{1,7}([.,]\d{1,6})?$/;

export function isQuantity(text) {
    return QUANTITY.test(text);
}

/** 32 hexadecimal digits; `crypto.randomUUID` is missing where the server has no TLS. */
function newTransaction() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function emptyCart() {
    return { transaction: newTransaction(), kind: "use", lines: [], at: "", isPending: false };
}

/**
 * What is to be recorded for one ward.
 *
 * It is kept in the browser at each change, so that neither an error nor a reload loses it.
 * Its number is made once: whatever is sent twice under it is one fact.
 */
export class Cart {
    constructor(key) {
        this.key = key;
        this.latest = null;
        Object.assign(this, this.load() || emptyCart());
    }

    load() {
        try {
            const kept = JSON.parse(browser.localStorage.getItem(this.key));
            return Array.isArray(kept?.lines) && kept.lines.length ? kept : null;
        } catch {
            return null;
        }
    }

    save() {
        const { transaction, kind, lines, at, isPending } = this;
        const kept = { transaction, kind, lines, at, isPending };
        browser.localStorage.setItem(this.key, JSON.stringify(kept));
    }

    clear() {
        Object.assign(this, emptyCart(), { kind: this.kind, latest: null });
        browser.localStorage.removeItem(this.key);
    }

    find(item, lot) {
        return this.lines.find((line) => line.key === this.keyOf(item, lot));
    }

    keyOf(item, lot) {
        return `${item.id}|${lot?.name || ""}`;
    }

    /** One more of an item; a serial number is there once or not at all. */
    add(item, lot, quantity = "1") {
        const line = this.find(item, lot);
        if (!line) {
            this.lines.push({ key: this.keyOf(item, lot), item, lot: lot || null, quantity });
        } else if (item.tracking !== "serial") {
            this.change(line, Number(quantity));
        }
        this.latest = this.keyOf(item, lot);
        this.save();
    }

    /** Add to a quantity without the tails of binary fractions; it stays above zero. */
    change(line, difference) {
        const changed = Number(((Number(line.quantity) || 0) + difference).toFixed(PLACES));
        if (changed > 0) {
            line.quantity = String(changed);
        }
        this.save();
    }

    setQuantity(line, text) {
        line.quantity = text.trim().replace(",", ".");
        this.save();
    }

    /** What the ward holds may have changed since the list was kept. */
    refresh(items) {
        const known = Object.fromEntries(items.map((item) => [item.id, item]));
        for (const line of this.lines) {
            line.item = known[line.item.id] || line.item;
        }
    }

    remove(line) {
        this.lines.splice(this.lines.indexOf(line), 1);
        this.save();
    }

    setKind(kind) {
        this.kind = kind;
        this.save();
    }

    /** It is on its way, and what is sent again is the same to the second. */
    send(now) {
        this.at = this.isPending ? this.at : now;
        this.isPending = true;
        this.save();
    }

    /** The server has refused it, and has kept nothing. */
    release() {
        this.isPending = false;
        this.save();
    }

    isValid(line) {
        return isQuantity(line.quantity) && Number(line.quantity) > 0;
    }

    get isReady() {
        return this.lines.length > 0 && this.lines.every((line) => this.isValid(line));
    }

    /** The lines as the server reads them. */
    get data() {
        return this.lines.map(({ item, lot, quantity }) => ({
            product_id: item.id,
            quantity,
            lot: lot?.name || false,
        }));
    }
}
