/* License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl) */
import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");

/** Type into a field of the form. */
function type(name, text) {
    return {
        content: `fill in ${name}`,
        trigger: `.o_form_view .o_field_widget[name=${name}] :is(input, textarea)`,
        run: `edit ${text}`,
    };
}

/** Say why, in the window that asks for it. */
function why(text) {
    return {
        content: "say why",
        trigger: ".modal .o_field_widget[name=reason] input",
        run: `edit ${text}`,
    };
}

function press(content, trigger) {
    return { content, trigger, run: "click" };
}

const save = [
    press("save", ".o_form_button_save:enabled"),
    { content: "it is saved", trigger: ".o_form_saved, .o_form_view:not(:has(.o_form_dirty))" },
];
const create = press("a new one", ".o_control_panel .o_list_button_add, .o-kanban-button-new");

tours.add("hc_manager_keeps_the_catalog", {
    steps: () => [
        create,
        type("name", "Tour cabinet"),
        type("code", "tour-cabinet"),
        ...save,
        press("its channels", "button[name=action_open_channels]"),
        create,
        type("name", "Use of supplies"),
        type("code", "supply-use"),
        type("message_type_ids", "test.noted"),
        press("choose the type", ".ui-menu-item > a:contains('test.noted.v1')"),
        ...save,
        press("submit", "button[name=action_submit]"),
        { content: "it waits", trigger: ".o_arrow_button_current:contains('In review')" },
        press("approve it oneself", "button[name=action_ask_activate]"),
        why("Nobody else is here"),
        press("confirm", ".modal button[name=action_confirm]"),
        {
            content: "that is not allowed",
            trigger: ".o_error_dialog, .modal:contains('somebody else')",
        },
        press("understood", ".modal:contains('somebody else') .btn-primary"),
        press("no more of it", ".modal button[special=cancel]"),
        { content: "the window is closed", trigger: "body:not(:has(.modal))" },
        press("back to the system", ".breadcrumb a:contains('Tour cabinet')"),
        press("its credentials", "button[name=action_open_credentials]"),
        create,
        type("name", "Main key"),
        ...save,
        press("issue the secret", "button[name=action_issue]"),
        {
            content: "it is shown",
            trigger: ".modal .o_field_widget[name=secret]:contains(whsec_)",
        },
        press("copied", ".modal footer .btn-primary"),
        { content: "the window is closed", trigger: "body:not(:has(.modal))" },
        { content: "it is good", trigger: ".o_arrow_button_current:contains('Active')" },
        {
            content: "and never shown again",
            trigger: ".o_form_view:not(:contains(whsec_)):not(:has(button[name=action_issue]))",
        },
    ],
});

tours.add("hc_manager_approves_a_channel", {
    steps: () => [
        press("open the channel", ".o_data_row:contains('supply-use') td[name=name]"),
        press("approve", "button[name=action_ask_activate]"),
        why("Agreed with the ward"),
        press("confirm", ".modal button[name=action_confirm]"),
        { content: "it is active", trigger: ".o_arrow_button_current:contains('Active')" },
    ],
});
