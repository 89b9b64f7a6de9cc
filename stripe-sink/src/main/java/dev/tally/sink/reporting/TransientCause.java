package dev.tally.sink.reporting;

/** Why an attempt is to be repeated, and what the answer proved. */
public enum TransientCause {
    /** The connection was refused: nothing reached Stripe. */
    NOT_SENT("not_sent", true, true, false),
    /** 429; Stripe's limiters run before anything is executed. */
    RATE_LIMITED("rate_limited", false, true, true),
    /** 409: an earlier attempt with this key is still being executed. */
    KEY_IN_USE("key_in_use", true, false, true),
    /** The token of the stream had expired: nothing was taken. */
    SESSION_EXPIRED("session_expired", true, true, true),
    /** 5xx with a body: the event may have been taken before the failure. */
    SERVER_ERROR("server_error", false, false, false),
    /** A refusal that is not in Stripe's form, so somebody in between wrote it. */
    NOT_STRIPE("not_stripe", false, false, false),
    /** The meter is missing or archived: mended at Stripe, not by giving up facts. */
    METER_UNAVAILABLE("meter_unavailable", false, true, true);

    private final String code;
    private final boolean keepsKey;
    private final boolean provesNonDelivery;
    private final boolean provesService;

    TransientCause(String code, boolean keepsKey, boolean provesNonDelivery, boolean provesService) {
        this.code = code;
        this.keepsKey = keepsKey;
        this.provesNonDelivery = provesNonDelivery;
        this.provesService = provesService;
    }

    /** The stable text of this cause. */
    public String code() {
        return code;
    }

    /** Whether the next attempt uses the same Idempotency-Key. */
    public boolean keepsKey() {
        return keepsKey;
    }

    /** Whether the event is certainly not at Stripe after this answer (earlier attempts aside). */
    public boolean provesNonDelivery() {
        return provesNonDelivery;
    }

    /** Whether Stripe is in service after this answer. */
    public boolean provesService() {
        return provesService;
    }
}
