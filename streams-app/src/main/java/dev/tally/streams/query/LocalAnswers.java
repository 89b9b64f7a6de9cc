package dev.tally.streams.query;

import dev.tally.schemas.topics.Topics;
import java.util.OptionalLong;
import org.apache.kafka.streams.KafkaStreams;

/** Answers questions from what is on this instance, its own state or copies of others', and never asks anybody else. */
public final class LocalAnswers implements Answering {

    /**
     * A copy that has more records to load than this is still being made, and would answer zero for what it has not come to. The same as
     * Kafka Streams' default for {@code acceptable.recovery.lag}, up to which it hands a task to a copy.
     */
    static final long MOST_BEHIND = 10_000;

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
        return new BatchAnswers(this, System::nanoTime).answers(json);
    }
}
