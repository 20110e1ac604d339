/* License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl) */
import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");

function press(content, trigger) {
    return { content, trigger, run: "click" };
}

tours.add("hc_operator_replays", {
    steps: () => [
        press("choose all", ".o_list_view thead .o_list_record_selector input"),
        press("replay them", ".o_control_panel button[name=action_replay]"),
        {
            content: "three are handled, one is done already",
            trigger: ".modal .o_field_widget[name=ready_count]:contains('3')",
        },
        { content: "one is", trigger: ".modal .o_field_widget[name=already_count]:contains('1')" },
        { content: "by channel", trigger: ".modal .o_hc_census:contains('test.noted.v1')" },
        press("look first", ".modal button[name=action_dry_run]"),
        {
            content: "what would come of it",
            trigger: ".modal .o_hc_plan:contains('Effect 0'):contains('Nothing was kept')",
        },
        press("not without a reason", ".modal button[name=action_start]"),
        { content: "it is asked for", trigger: ".modal .modal-body:contains('Say why')" },
        press("understood", ".o_error_dialog .btn-primary, .modal:contains('Say why') .btn-primary"),
        {
            content: "tell it",
            trigger: ".modal .o_field_widget[name=reason] input",
            run: "edit The vendor is mapped",
        },
        press("start", ".modal button[name=action_start]"),
        { content: "it runs", trigger: ".o_arrow_button_current:contains('Running')" },
        { content: "its progress", trigger: ".progress[role=progressbar]" },
        press("pause", "button[name=action_pause]"),
        { content: "it is paused", trigger: ".o_arrow_button_current:contains('Paused')" },
        press("go on", "button[name=action_resume]"),
        { content: "it runs again", trigger: ".o_arrow_button_current:contains('Running')" },
    ],
});

tours.add("hc_viewer_sees_a_replay", {
    steps: () => [
        press("open it", ".o_data_row td[name=reason]:contains('The vendor is mapped')"),
        { content: "it is done", trigger: ".o_arrow_button_current:contains('Done')" },
        {
            content: "nothing to press",
            trigger: ".o_form_view:not(:has([name=action_cancel])):not(:has([name=action_approve]))",
        },
        press("its results", "button[name=action_open_lines]"),
        {
            content: "by their result",
            trigger: ".o_group_header:contains('Was Done Already'):contains('1')",
        },
    ],
});

tours.add("hc_operator_gives_up", {
    steps: () => [
        press("open a message", ".o_data_row:first td[name=message_identifier]"),
        press("handled elsewhere", "button[name=action_skip]"),
        {
            content: "say why",
            trigger: ".modal .o_field_widget[name=reason] input",
            run: "edit Booked by hand",
        },
        press("apply", ".modal button[name=action_apply]:visible"),
        { content: "it has ended", trigger: ".o_arrow_button_current:contains('Cancelled')" },
        press("its story", ".o_notebook .nav-link:contains('History')"),
        {
            content: "who and why",
            trigger: ".o_hc_history:contains('handled elsewhere'):contains('Booked by hand')",
        },
    ],
});
