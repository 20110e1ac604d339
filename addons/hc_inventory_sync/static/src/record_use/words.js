/* License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl) */
import { deserializeDateTime, formatDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { ConnectionLostError, RPCError } from "@web/core/network/rpc";
import { formatFloat } from "@web/core/utils/numbers";

const { DateTime } = luxon;
const REFUSALS = ["UserError", "ValidationError", "AccessError", "MissingError"];

export function quantityOf(number, uom) {
    return `${formatFloat(Number(number) || 0, { trailingZeros: false })} ${uom}`;
}

export function expiryOf(lot) {
    return lot.expiry ? formatDate(deserializeDateTime(lot.expiry)) : "";
}

export function timeOf(entry) {
    return deserializeDateTime(entry.time).toLocaleString(DateTime.TIME_SIMPLE);
}

/** Whether the server has said no, so that it is certain that nothing was kept. */
export function isRefusal(error) {
    const name = error instanceof RPCError && error.exceptionName?.split(".").pop();
    return REFUSALS.includes(name);
}

/** What to tell about a call that failed; anything that is no such error is thrown again. */
export function sentenceOf(error) {
    if (isRefusal(error)) {
        return error.data.message;
    }
    if (error instanceof ConnectionLostError) {
        return _t("No connection to the server.");
    }
    if (error instanceof RPCError) {
        return _t("The server could not answer.");
    }
    throw error;
}
