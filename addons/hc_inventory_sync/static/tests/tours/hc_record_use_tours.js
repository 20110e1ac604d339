/* License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl) */
import { browser } from "@web/core/browser/browser";
import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");
const LINE = ".o_hc_cart .o_hc_line";

function press(content, trigger) {
    return { content, trigger, run: "click" };
}

function seen(content, trigger) {
    return { content, trigger };
}

/** The keys that a scanner sends, at its speed. */
function scan(content, barcode) {
    return {
        content,
        trigger: ".o_hc_record_use .o_hc_cart",
        run() {
            for (const key of [...barcode, "Enter"]) {
                document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
            }
        },
    };
}

const chooseWard = [press("choose the ward", ".o_hc_ward:contains('Intensive Care')")];

tours.add("hc_nurse_records_use", {
    steps: () => [
        ...chooseWard,
        press("tap an item", ".o_hc_tile:contains('Glove')"),
        press("tap it again", ".o_hc_tile:contains('Glove')"),
        press("and one more", `${LINE}:contains('Glove') button[title=More]`),
        seen("three of them", `${LINE}:contains('Glove') input:value('3')`),
        press("an item with lots", ".o_hc_tile:contains('Saline')"),
        press("its lot", ".modal .o_hc_lot:contains('L1')"),
        seen("it is there", `${LINE}:contains('Saline'):contains('L1') input:value('1')`),
        scan("the same lot", "0104006501003638304\u001d10L1"),
        seen("is added", `${LINE}:contains('Saline') input:value('5')`),
        {
            content: "a barcode that goes into the quantity",
            trigger: `${LINE}:contains('Glove') input`,
            run: "edit 0380740000011 && press Enter",
        },
        seen("is no quantity", `${LINE}:contains('Glove') input:value('3')`),
        seen("but an item", `${LINE}:contains('Gauze')`),
        press("that is not wanted", `${LINE}:contains('Gauze') .o_hc_remove`),
        scan("something else", "99999999999997"),
        seen("is refused", ".alert-danger:contains('Nothing has the barcode 99999999999997')"),
        scan("a piece with its serial number", "010590123412345721S1"),
        seen("is there", `${LINE}:contains('Stent'):contains('S1')`),
        scan("the same piece again", "010590123412345721S1"),
        seen("is there once", ".alert-warning:contains('S1 is in the list already')"),
        {
            content: "a barcode that goes into the search",
            trigger: ".o_hc_search input",
            run: "edit 0380740000011 && press Enter",
        },
        press("is taken out", `${LINE}:contains('Gauze') .o_hc_remove`),
        seen("it is gone", `.o_hc_cart:not(:has(.o_hc_line:contains('Gauze')))`),
        press("confirm", ".o_hc_confirm:contains('Record use')"),
        seen("it was received", ".o_hc_entry[data-state=waiting]:contains('3 × Glove, 5 × Saline (L1)')"),
        seen("the list is empty", ".o_hc_cart:not(:has(.o_hc_line))"),
    ],
});

tours.add("hc_nurse_puts_back", {
    steps: () => [
        ...chooseWard,
        seen("it was posted", ".o_hc_entry[data-state=done]:contains('3 × Glove')"),
        press("put back", ".o_hc_kind button:contains('Put back')"),
        press("the piece", ".o_hc_tile:contains('Stent')"),
        press("that was used", ".modal .o_hc_lot:contains('S1')"),
        press("confirm", ".o_hc_confirm:contains('Record put back')"),
        seen("it was received", ".o_hc_entry:contains('Put back: 1 × Stent (S1)')"),
    ],
});

/** The next entry does not get through: before the server has it, or only the answer is lost. */
function cutTheLine({ arrives }) {
    const prototype = browser.XMLHttpRequest.prototype;
    const { send } = prototype;
    prototype.send = function (body) {
        if (!String(body).includes('"method":"post"')) {
            return send.call(this, body);
        }
        prototype.send = send;
        const fail = () => this.dispatchEvent(new Event("error"));
        if (!arrives) {
            return setTimeout(fail);
        }
        const sent = new browser.XMLHttpRequest();
        sent.open("POST", "/web/dataset/call_kw/hc.record.use/post");
        sent.setRequestHeader("Content-Type", "application/json");
        sent.addEventListener("load", fail);
        sent.send(body);
    };
}

tours.add("hc_nurse_keeps_her_list", {
    steps: () => [
        ...chooseWard,
        press("tap an item", ".o_hc_tile:contains('Glove')"),
        press("tap it again", ".o_hc_tile:contains('Glove')"),
        { content: "no network", trigger: LINE, run: () => cutTheLine({ arrives: false }) },
        press("confirm", ".o_hc_confirm"),
        seen("what is the matter", ".alert-danger:contains('recorded once')"),
        seen("the list is there", `${LINE}:contains('Glove') input:value('2'):disabled`),
        press("leave the ward", "button.o_hc_ward_button"),
        ...chooseWard,
        seen("the list is there", `${LINE}:contains('Glove') input:value('2'):disabled`),
        press("try again", ".o_hc_confirm:contains('Try again')"),
        seen("it was received", ".o_hc_entry:contains('2 × Glove')"),
        seen("the list is empty", ".o_hc_cart:not(:has(.o_hc_line))"),
        press("tap another item", ".o_hc_tile:contains('Gauze')"),
        { content: "no answer", trigger: LINE, run: () => cutTheLine({ arrives: true }) },
        press("confirm", ".o_hc_confirm"),
        seen("it shows that it was received", ".alert-success:contains('was received')"),
        seen("once", ".o_hc_entry:contains('1 × Gauze')"),
        seen("the list is empty", ".o_hc_cart:not(:has(.o_hc_line))"),
    ],
});
