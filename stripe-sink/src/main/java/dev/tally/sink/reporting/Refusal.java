package dev.tally.sink.reporting;

/** Why a fact can never be sent to Stripe; {@link #code()} is the reason in dead letters, ledger and metrics. */
public enum Refusal {
    /** The payer has no Stripe customer. */
    NO_CUSTOMER("no_customer"),
    /** Older than Stripe takes: 35 days. */
    TOO_OLD("too_old"),
    /** More than 15 digits. */
    TOO_MANY_DIGITS("too_many_digits"),
    /** Empty or longer than 100 characters. */
    INVALID_IDENTIFIER("invalid_identifier"),
    /** Empty or longer than 100 characters. */
    INVALID_EVENT_NAME("invalid_event_name");

    private final String code;

    Refusal(String code) {
        this.code = code;
    }

    /** The stable text of this reason. */
    public String code() {
        return code;
    }
}
