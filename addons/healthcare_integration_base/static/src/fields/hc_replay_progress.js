/* License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl) */
import { Component, onWillUnmount } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const REFRESH_MS = 2000;

/** The progress of a replay, which is read again as long as the replay runs. */
export class HcReplayProgress extends Component {
    static template = "healthcare_integration_base.HcReplayProgress";
    static props = { ...standardFieldProps };

    setup() {
        this.timer = setInterval(() => this.refresh(), REFRESH_MS);
        onWillUnmount(() => clearInterval(this.timer));
    }

    get percent() {
        return Math.floor(this.props.record.data[this.props.name] || 0);
    }

    get isRunning() {
        return this.props.record.data.state === "running";
    }

    get text() {
        const { ended_count, total_count } = this.props.record.data;
        return _t("%(ended)s of %(total)s messages", { ended: ended_count, total: total_count });
    }

    async refresh() {
        if (this.isRunning && !document.hidden && !this.loading) {
            this.loading = true;
            try {
                await this.props.record.load();
            } finally {
                this.loading = false;
            }
        }
    }
}

registry.category("fields").add("hc_replay_progress", {
    component: HcReplayProgress,
    displayName: _t("Progress of a replay"),
    supportedTypes: ["float"],
    fieldDependencies: [
        { name: "state", type: "selection" },
        { name: "ended_count", type: "integer" },
        { name: "total_count", type: "integer" },
    ],
});
