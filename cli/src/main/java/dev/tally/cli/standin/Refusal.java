package dev.tally.cli.standin;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/**
 * An error answer in Stripe's form. Messages follow those seen in public reports where there are any; the rest is worded here,
 * since Stripe documents types and codes but not every text.
 */
final class Refusal extends RuntimeException {

    private final int status;
    private final String type;
    private final @Nullable String code;
    private final @Nullable String param;
    private final boolean saved;

    private Refusal(
            int status, String type, @Nullable String code, @Nullable String param, boolean saved, String message) {
        super(message, null, false, false);
        this.status = status;
        this.type = type;
        this.code = code;
        this.param = param;
        this.saved = saved;
    }

    /** A parameter that fails validation; Stripe saves no answer for these under an idempotency key. */
    static Refusal parameter(@Nullable String code, @Nullable String param, String message) {
        return new Refusal(400, "invalid_request_error", code, param, false, message);
    }

    /** A refusal made while the call was being executed; saved under its idempotency key. */
    static Refusal executed(@Nullable String code, @Nullable String param, String message) {
        return new Refusal(400, "invalid_request_error", code, param, true, message);
    }

    static Refusal notFound(String what, String id, String param) {
        return new Refusal(
                404, "invalid_request_error", "resource_missing", param, false, "No such " + what + ": '" + id + "'");
    }

    static Refusal of(int status, String type, @Nullable String code, String message) {
        return new Refusal(status, type, code, null, false, message);
    }

    boolean saved() {
        return saved;
    }

    Answer answer() {
        ObjectNode error = Json.object();
        ObjectNode body = error.putObject("error");
        if (code != null) {
            body.put("code", code);
        }
        body.put("message", getMessage());
        if (param != null) {
            body.put("param", param);
        }
        body.put("type", type);
        Answer answer = Answer.json(status, error);
        return switch (status) {
            case 400, 404 -> answer.with("stripe-should-retry", "false");
            case 401 -> answer.with("WWW-Authenticate", "Bearer realm=\"Stripe\"");
            default -> answer;
        };
    }
}
