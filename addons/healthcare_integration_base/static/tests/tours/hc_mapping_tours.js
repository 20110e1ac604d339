/* License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl) */
import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");

function press(content, trigger) {
    return { content, trigger, run: "click" };
}

const save = [
    press("save", ".o_form_button_save:enabled"),
    { content: "it is saved", trigger: ".o_form_saved, .o_form_view:not(:has(.o_form_dirty))" },
];

tours.add("hc_manager_maps_a_channel", {
    steps: () => [
        press("open the channel", ".o_data_row:contains('tour-mapped') td[name=name]"),
        press("its mappings", "button[name=action_open_mappings]"),
        press("a new one", ".o_control_panel .o_list_button_add"),
        press("add a field", ".o_field_x2many_list_row_add a"),
        {
            content: "the type is known, choose a field of its contract",
            trigger: ".modal .o_field_widget[name=target] select:has(option[value='/number'])",
            run: "select /number",
        },
        {
            content: "say where it is",
            trigger: ".modal .o_field_widget[name=source] input",
            run: "edit no",
        },
        press("that is all", ".modal .o_form_button_save"),
        { content: "it is a line", trigger: ".o_data_row td[name=target]:contains('/number')" },
        ...save,
        press("activate it oneself", "button[name=action_activate]"),
        press("really", ".modal .btn-primary:contains('Ok')"),
        { content: "that is not allowed", trigger: ".modal .modal-body:contains('somebody else')" },
        press("understood", ".modal .btn-primary"),
        { content: "it is a draft", trigger: ".o_arrow_button_current:contains('Draft')" },
    ],
});

tours.add("hc_manager_activates_a_mapping", {
    steps: () => [
        press("open the mapping", ".o_data_row:contains('tour-mapped') td[name=channel_id]"),
        press("activate", "button[name=action_activate]"),
        press("really", ".modal .btn-primary:contains('Ok')"),
        { content: "it is active", trigger: ".o_arrow_button_current:contains('Active')" },
        {
            content: "and stays as it is",
            trigger: ".o_field_widget[name=line_ids]:not(:has(.o_field_x2many_list_row_add))",
        },
    ],
});
