/* License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl) */
import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("hc_ward_reports_a_device", {
    steps: () => [
        {
            content: "scan the label of the device",
            trigger: "div[name='scan'] input",
            run: "edit VENT && press Tab",
        },
        {
            content: "the device is found, with its place",
            trigger: "div[name='equipment_id'] input:value(Ventilator)",
        },
        {
            content: "say what is wrong",
            trigger: "div[name='problem'] span:contains('Battery or power')",
            run: "click",
        },
        {
            content: "it is urgent",
            trigger: "div[name='urgency'] span:contains('A patient needs it now')",
            run: "click",
        },
        {
            content: "in a few words",
            trigger: "div[name='remark'] input",
            run: "edit goes off after a minute",
        },
        {
            content: "report it",
            trigger: "button[name='action_report']",
            run: "click",
        },
        {
            content: "it is entered",
            trigger: "h1:contains('Reported')",
        },
        {
            content: "an empty screen for the next device",
            trigger: "button[name='action_another']",
            run: "click",
        },
        {
            content: "nothing is filled in",
            trigger: "div[name='scan'] input:value(/^$/)",
        },
    ],
});

registry.category("web_tour.tours").add("hc_technician_takes_an_alarm", {
    steps: () => [
        {
            content: "the request shows how often the device has alarmed",
            trigger: ".o_kanban_record:contains('Pump'):contains('MDC_EVT_BATT_LO') .badge:contains('3')",
        },
        {
            content: "acknowledge it on the board",
            trigger: ".o_kanban_record:contains('Pump') button[name='action_hc_acknowledge']",
            run: "click",
        },
        {
            content: "it is acknowledged; open it",
            trigger: ".o_kanban_record:contains('Pump'):not(:has(button[name='action_hc_acknowledge']))",
            run: "click",
        },
        {
            content: "its timeline",
            trigger: "div[name='hc_alarm_ids'] .o_data_row:nth-child(3)",
        },
        {
            content: "its messages",
            trigger: "button[name='action_hc_messages']",
            run: "click",
        },
        {
            content: "three of them are done",
            trigger: ".o_list_view .o_data_row:nth-child(3)",
        },
    ],
});
