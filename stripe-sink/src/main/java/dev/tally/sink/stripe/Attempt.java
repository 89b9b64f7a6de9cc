package dev.tally.sink.stripe;

import com.stripe.exception.ApiConnectionException;
import com.stripe.exception.StripeException;
import dev.tally.sink.reporting.Answer;
import java.util.function.Function;

/** Makes a call that only reads, and turns whatever fails into an answer. */
final class Attempt {
    private Attempt() {}

    @FunctionalInterface
    interface Read<T> {
        T call() throws StripeException;
    }

    /**
     * The result of {@code read}, or what {@code untold} makes of its failure.
     *
     * @throws InterruptedException if the thread was interrupted while waiting
     */
    static <T> T read(AnswerMapping mapping, Read<T> read, Function<Answer, T> untold) throws InterruptedException {
        try {
            return read.call();
        } catch (ApiConnectionException noAnswer) {
            if (Thread.interrupted()) {
                throw new InterruptedException("interrupted while waiting for Stripe");
            }
            return untold.apply(mapping.of(noAnswer));
        } catch (StripeException failure) {
            return untold.apply(mapping.of(failure));
        } catch (RuntimeException unreadable) {
            // stripe-java fails unchecked on answers it does not expect.
            return untold.apply(new Answer.Unknown("unreadable_answer", unreadable.toString()));
        }
    }
}
