/* License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl) */
import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

const ROUTE = "/healthcare_integration/preview";
const HINTS = {
    cloudevents: _t("Paste an event as JSON, or its data alone."),
    hl7v2: _t("Paste a message in ER7, from MSH on."),
    fhir: _t("Paste a resource or a Bundle as JSON."),
};
const GONE = ["drop", "unnamed", "condition", "no_phone"];

/**
 * What would be kept of a sample. The sample is sent by a form, shown, and forgotten: it is
 * neither in a record nor in the state of the action.
 */
export class MinimizationPreview extends Component {
    static template = "healthcare_integration_base.MinimizationPreview";
    static components = { Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.http = useService("http");
        this.notification = useService("notification");
        this.action = useService("action");
        this.state = useState({ sample: "", busy: false, result: null, changedOnly: false });
        // Restored from an address without its parameters: there is nothing to preview on.
        this.params = this.props.action.params || {};
    }

    get display() {
        return { controlPanel: {} };
    }

    get hint() {
        return HINTS[this.params.format] || "";
    }

    get rules() {
        if (this.params.policy_name) {
            return _t("Under the policy %s.", this.params.policy_name);
        }
        return this.params.version
            ? _t("Under version %s of the policy, which holds now.", this.params.version)
            : _t("Under the rules of the contracts.");
    }

    rows(event) {
        const shown = [...event.attributes, ...event.values];
        return this.state.changedOnly ? shown.filter((row) => row.rule !== "keep") : shown;
    }

    summary(event) {
        const gone = event.values.filter((row) => this.isGone(row)).length;
        const changed = event.values.filter((row) => !this.isGone(row) && row.rule !== "keep").length;
        return _t("%(values)s values: %(gone)s dropped, %(changed)s changed", {
            values: event.values.length,
            gone,
            changed,
        });
    }

    isGone(row) {
        return GONE.includes(row.rule);
    }

    badge(row) {
        if (this.isGone(row)) {
            return "text-bg-danger";
        }
        return ["keep", "form", "default"].includes(row.rule) ? "text-bg-success" : "text-bg-warning";
    }

    async run() {
        if (!this.state.sample.trim() || this.state.busy) {
            return;
        }
        this.state.busy = true;
        try {
            this.state.result = await this.http.post(ROUTE, {
                csrf_token: odoo.csrf_token,
                channel: this.params.channel,
                policy: this.params.policy || "",
                sample: this.state.sample,
            });
        } catch {
            this.state.result = null;
            this.notification.add(_t("The server did not answer. Try again."), { type: "danger" });
        } finally {
            this.state.busy = false;
        }
    }

    clear() {
        this.state.sample = "";
        this.state.result = null;
    }

    openChannels() {
        this.action.doAction("healthcare_integration_base.action_hc_channel", {
            clearBreadcrumbs: true,
        });
    }
}

registry.category("actions").add("hc_minimization_preview", MinimizationPreview);
