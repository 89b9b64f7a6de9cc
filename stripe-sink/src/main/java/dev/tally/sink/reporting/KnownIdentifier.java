package dev.tally.sink.reporting;

import org.jspecify.annotations.Nullable;

/**
 * How Stripe says that it has an event with an identifier. No code is documented: public reports show the message without a code, and one
 * names a code. Either counts.
 */
public final class KnownIdentifier {
    private static final String MESSAGE = "An event already exists with identifier";
    private static final String CODE = "duplicate_meter_event";

    private KnownIdentifier() {}

    /** Whether an error says so. */
    public static boolean isMeantBy(@Nullable String code, @Nullable String message) {
        return CODE.equals(code) || (message != null && message.startsWith(MESSAGE));
    }
}
