/* License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl) */
import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

function kindOf(match) {
    if (match[1]) {
        return match[2] ? "key" : "string";
    }
    return /^[tfn]/.test(match[0]) ? "literal" : "number";
}

/** The same value with what is short first: fields, then objects and lists. */
function ordered(value) {
    if (Array.isArray(value)) {
        return value.map(ordered);
    }
    if (value === null || typeof value !== "object") {
        return value;
    }
    const isLong = ([, item]) => item !== null && typeof item === "object";
    const entries = Object.entries(value).map(([key, item]) => [key, ordered(item)]);
    entries.sort((a, b) => isLong(a) - isLong(b) || a[0].localeCompare(b[0]));
    return Object.fromEntries(entries);
}

/** Splits indented JSON into parts, each with the kind by which it is coloured. */
export function tokens(value) {
    const text = JSON.stringify(ordered(value), null, 2);
    const parts = [];
    let end = 0;
    for (const match of text.matchAll(TOKEN)) {
        if (match.index > end) {
            parts.push({ kind: "plain", text: text.slice(end, match.index) });
        }
        parts.push({ kind: kindOf(match), text: match[0] });
        end = match.index + match[0].length;
    }
    parts.push({ kind: "plain", text: text.slice(end) });
    return parts;
}

/** Shows a JSON value for reading: indented, coloured, never edited. */
export class HcJsonField extends Component {
    static template = "healthcare_integration_base.HcJsonField";
    static props = { ...standardFieldProps };

    get isEmpty() {
        const value = this.props.record.data[this.props.name];
        return !value || !Object.keys(value).length;
    }

    get tokens() {
        return tokens(this.props.record.data[this.props.name]);
    }
}

registry.category("fields").add("hc_json", {
    component: HcJsonField,
    displayName: _t("Readable JSON"),
    supportedTypes: ["json"],
    isEmpty: () => false,
});
