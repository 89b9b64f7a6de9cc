package dev.tally.sink.reporting;

/**
 * The Idempotency-Key of one attempt: {@code identifier#n}.
 *
 * <p>Stripe stores the first answer of a key for at least a day and replays it, a 500 included. So the identifier, which
 * protects the money, never changes, while the key does: kept where no answer arrived, raised after any answer that will
 * be tried again.
 *
 * @param number from 0
 */
public record IdempotencyKey(String identifier, int number) {
    /** Refuses a negative number. */
    public IdempotencyKey {
        if (number < 0) {
            throw new IllegalArgumentException("number is negative");
        }
    }

    /** The header's text, at most 111 characters. */
    public String text() {
        return identifier + "#" + number;
    }

    /** The key of the next attempt after an answer arrived. */
    public IdempotencyKey next() {
        return new IdempotencyKey(identifier, Math.incrementExact(number));
    }
}
