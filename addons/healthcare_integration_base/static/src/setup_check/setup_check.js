/* License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl) */
import { Component, onWillStart, useState } from "@odoo/owl";
import { deserializeDateTime, formatDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { groupBy } from "@web/core/utils/arrays";
import { useService } from "@web/core/utils/hooks";
import { ControlPanel } from "@web/search/control_panel/control_panel";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

const LOOKS = {
    error: { icon: "fa-times-circle", color: "danger", word: _t("Mend this") },
    warning: { icon: "fa-exclamation-triangle", color: "warning", word: _t("Look at this") },
    unknown: { icon: "fa-question-circle", color: "info", word: _t("Not known") },
    ok: { icon: "fa-check-circle", color: "success", word: _t("In order") },
};

/** What an administrator got wrong, with the fix beside it; what is right below. */
export class SetupCheck extends Component {
    static template = "healthcare_integration_base.SetupCheck";
    static components = { ControlPanel };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.looks = LOOKS;
        this.state = useState({ findings: [], worst: "ok", checkedAt: "", isLoading: true });
        onWillStart(() => this.check());
    }

    get problems() {
        return this.state.findings.filter(({ status }) => status !== "ok");
    }

    get areas() {
        const good = this.state.findings.filter(({ status }) => status === "ok");
        return Object.entries(groupBy(good, "area"));
    }

    get verdict() {
        const number = this.problems.length;
        if (!number) {
            return _t("Nothing is wrong that can be seen from here.");
        }
        return number === 1 ? _t("One thing to look at.") : _t("%s things to look at.", number);
    }

    async check() {
        this.state.isLoading = true;
        try {
            const found = await this.orm.call("hc.setup.check", "run", [[]]);
            this.state.findings = found.findings;
            this.state.worst = found.worst;
            this.state.checkedAt = formatDateTime(deserializeDateTime(found.checked_at));
        } finally {
            this.state.isLoading = false;
        }
    }
}

registry.category("actions").add("hc_setup_check", SetupCheck);
