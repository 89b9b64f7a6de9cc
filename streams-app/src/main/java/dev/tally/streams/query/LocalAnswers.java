package dev.tally.streams.query;

import dev.tally.schemas.topics.Topics;
import java.time.Duration;
import java.util.OptionalLong;
import org.apache.kafka.streams.KafkaStreams;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers questions from what is on this instance, its own state or copies of others', and never asks anybody else. */
public final class LocalAnswers implements Answering {

    /**
     * A copy that has more records to load than this is still being made, and would answer zero for what it has not come to. The same as
     * Kafka Streams' default for {@code acceptable.recovery.lag}, up to which it hands a task to a copy.
     */
    static final long MOST_BEHIND = 10_000;

    /** Who asks waits for 2 s: what is answered by then is of use, where the rest is left. */
    private static final long ANSWERING_NANOS = Duration.ofMillis(1_500).toNanos();

    private static final Logger log = LoggerFactory.getLogger(LocalAnswers.class);

    private final StoreUsageQueries own;
    private final StoreUsageQueries withCopies;
    private final StandbyLags lags;
    private final Topics topics;

    /** @param own answers from the partitions that this instance works on */
    public LocalAnswers(StoreUsageQueries own, KafkaStreams streams, Topics topics) {
        this.own = own;
        this.withCopies = own.withCopies();
        this.lags = new StandbyLags(streams);
        this.topics = topics;
    }

    @Override
    public <T> Answer<T> answer(Question<T> question, boolean copies) {
        Answer<T> answer = question.answeredBy(own);
        return copies && answer instanceof Answer.NotReady<T> ? fromCopy(question, answer) : answer;
    }

    /** What a copy does not know may have come to be meanwhile. */
    private <T> Answer<T> fromCopy(Question<T> question, Answer<T> otherwise) {
        OptionalLong lag = lags.of(question.part(topics));
        if (lag.isEmpty() || lag.getAsLong() > MOST_BEHIND) {
            return otherwise;
        }
        return switch (question.answeredBy(withCopies)) {
            case Answer.Found<T> found -> new Answer.FromStandby<>(found.value(), lag.getAsLong());
            case Answer.FromStandby<T> copy -> copy;
            case Answer.OutOfRetention<T> old -> old;
            case Answer.Absent<T> ignored -> otherwise;
            case Answer.NotReady<T> ignored -> otherwise;
        };
    }

    /**
     * The answers to questions of another instance.
     *
     * @param json the questions, as {@link InstanceClient} sends them
     * @throws IllegalArgumentException where these are none
     */
    public byte[] answers(String json) {
        long until = System.nanoTime() + ANSWERING_NANOS;
        return QuestionJson.writeSaid(QuestionJson.readAsked(json).stream()
                .map(asked -> said(asked.question(), asked.copies(), until))
                .toList());
    }

    /** One question's trouble is not another's. */
    private <T> QuestionJson.Said said(Question<T> question, boolean copies, long until) {
        if (System.nanoTime() - until >= 0) {
            return QuestionJson.said(
                    new Answer.NotReady<>("too many questions at a time", LocalStores.RETRY_AFTER), question.type());
        }
        try {
            return QuestionJson.said(answer(question, copies), question.type());
        } catch (RuntimeException e) {
            log.atError().setCause(e).addKeyValue("question", question).log("A question of another instance failed");
            return QuestionJson.said(
                    new Answer.NotReady<>("the question failed", LocalStores.RETRY_AFTER), question.type());
        }
    }
}
