package dev.tally.streams.query;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.tally.streams.query.QuestionJson.Asked;
import dev.tally.streams.query.QuestionJson.Said;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers the questions of another instance's request, each by itself: one question's trouble is not another's. */
final class BatchAnswers {

    /** Who asks waits for 2 s: what is answered by then is of use, where the rest is left. */
    static final Duration WITHIN = Duration.ofMillis(1_500);

    private static final Logger log = LoggerFactory.getLogger(BatchAnswers.class);
    private static final TypeReference<Object> ANYTHING = new TypeReference<>() {};

    private final Answering answering;
    private final LongSupplier nanos;

    /** @param nanos a clock, as {@link System#nanoTime} */
    BatchAnswers(Answering answering, LongSupplier nanos) {
        this.answering = answering;
        this.nanos = nanos;
    }

    /**
     * The answers to questions, in their order.
     *
     * @throws IllegalArgumentException where these are no questions
     */
    byte[] answers(String json) {
        long until = nanos.getAsLong() + WITHIN.toNanos();
        return QuestionJson.writeSaid(QuestionJson.readAsked(json).stream()
                .map(asked -> said(asked, until))
                .toList());
    }

    private Said said(Optional<Asked> asked, long until) {
        if (asked.isEmpty()) {
            return left("the question is not understood here");
        }
        if (nanos.getAsLong() - until >= 0) {
            return left("too many questions at a time");
        }
        Question<?> question = asked.get().question();
        try {
            return answered(question, asked.get().copies());
        } catch (RuntimeException e) {
            log.atError().setCause(e).addKeyValue("question", question).log("A question of another instance failed");
            return left("the question failed");
        }
    }

    private <T> Said answered(Question<T> question, boolean copies) {
        return QuestionJson.said(answering.answer(question, copies), question.type());
    }

    private static Said left(String why) {
        return QuestionJson.said(new Answer.NotReady<>(why, LocalStores.RETRY_AFTER), ANYTHING);
    }
}
