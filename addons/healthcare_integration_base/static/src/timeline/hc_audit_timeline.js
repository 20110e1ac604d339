/* License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl) */
import { Component, onWillStart, useState } from "@odoo/owl";
import { deserializeDateTime } from "@web/core/l10n/dates";
import { registry } from "@web/core/registry";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

const ICONS = {
    message: "fa-sign-in",
    out: "fa-sign-out",
    attempt: "fa-cog",
    effect: "fa-bolt",
    event: "fa-eye",
};

/** The audit trail as a story: of one correlation, one person or one record. */
export class HcAuditTimeline extends Component {
    static template = "healthcare_integration_base.HcAuditTimeline";
    static components = { Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.display = { controlPanel: {} };
        const { by, key } = this.props.action.params || {};
        this.by = by || this.props.state?.by || "correlation";
        this.key = key || this.props.state?.key || "";
        this.state = useState({ entries: [], more: false, title: "" });
        onWillStart(() => this.load());
    }

    get heading() {
        return {
            correlation: _t("What belongs to one transaction"),
            user: _t("What one person did"),
            record: _t("What happened to one record"),
        }[this.by];
    }

    get days() {
        const days = [];
        for (const entry of this.state.entries) {
            const moment = deserializeDateTime(entry.at);
            const day = moment.toLocaleString({ dateStyle: "full" });
            if (!days.length || days.at(-1).day !== day) {
                days.push({ day, entries: [] });
            }
            days.at(-1).entries.push({ ...entry, time: moment.toFormat("HH:mm:ss") });
        }
        return days;
    }

    icon(entry) {
        return ICONS[entry.kind];
    }

    async load() {
        const found = await this.orm.call("hc.audit.event", "timeline", [
            this.by,
            this.key,
            this.state.more || 0,
        ]);
        this.state.entries.push(...found.entries);
        this.state.more = found.more;
        this.state.title = found.title;
    }

    open([model, id]) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: model,
            res_id: id,
            views: [[false, "form"]],
        });
    }
}

registry.category("actions").add("hc_audit_timeline", HcAuditTimeline);
