package dev.tally.cli.standin;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.Map;
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
    private final Map<String, String> headers;

    private Refusal(
            int status,
            String type,
            @Nullable String code,
            @Nullable String param,
            boolean saved,
            String message,
            Map<String, String> headers) {
        super(message, null, false, false);
        this.status = status;
        this.type = type;
        this.code = code;
        this.param = param;
        this.saved = saved;
        this.headers = Map.copyOf(headers);
    }

    /** A parameter that fails validation; Stripe saves no answer for these under an idempotency key. */
    static Refusal parameter(@Nullable String code, @Nullable String param, String message) {
        return new Refusal(400, "invalid_request_error", code, param, false, message, Map.of());
    }

    /** A refusal made while the call was being executed; saved under its idempotency key. */
    static Refusal executed(@Nullable String code, @Nullable String param, String message) {
        return new Refusal(400, "invalid_request_error", code, param, true, message, Map.of());
    }

    static Refusal notFound(String what, String id, String param) {
        return new Refusal(
                404,
                "invalid_request_error",
                "resource_missing",
                param,
                false,
                "No such " + what + ": '" + id + "'",
                Map.of());
    }

    static Refusal of(int status, String type, @Nullable String code, String message) {
        return new Refusal(status, type, code, null, false, message, Map.of());
    }

    /** The same with one header more. */
    Refusal with(String name, String value) {
        Map<String, String> more = new HashMap<>(headers);
        more.put(name, value);
        return new Refusal(status, type, code, param, saved, String.valueOf(getMessage()), more);
    }

    boolean saved() {
        return saved;
    }

    /** The answer of a call in the form of its version. */
    Answer answer(Call call) {
        return call.isV2() ? answerV2() : answer();
    }

    /** The same in the form of version 2, where every error has a code and none names a parameter. */
    Answer answerV2() {
        ObjectNode error = Json.object();
        error.putObject("error")
                .put("code", code == null ? "invalid_parameter" : code)
                .put("message", getMessage())
                .put("type", status == 429 ? "rate_limit" : type);
        return finished(Answer.json(status, error));
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
        return finished(Answer.json(status, error));
    }

    private Answer finished(Answer bare) {
        Answer answer = bare;
        for (Map.Entry<String, String> header : headers.entrySet()) {
            answer = answer.with(header.getKey(), header.getValue());
        }
        return switch (status) {
            case 400, 404 -> answer.with("stripe-should-retry", "false");
            case 401 -> answer.with("WWW-Authenticate", "Bearer realm=\"Stripe\"");
            default -> answer;
        };
    }
}
