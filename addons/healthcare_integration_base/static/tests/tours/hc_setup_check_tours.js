/* License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl) */
import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("hc_setup_check", {
    steps: () => [
        {
            content: "what is wrong comes first, with its fix",
            trigger: ".o_hc_finding[data-status=error]:contains('Fix')",
        },
        { content: "one threaded process", trigger: ".o_hc_finding[data-check=workers]" },
        { content: "what is right is told too", trigger: ".o_hc_good [data-check=gate]" },
        {
            content: "the runbook is one click away",
            trigger: ".o_hc_finding a[href$='set-up-check.html']",
        },
        { content: "look again", trigger: ".o_hc_check_again", run: "click" },
        { content: "it looked", trigger: ".o_hc_check_again:enabled" },
    ],
});
