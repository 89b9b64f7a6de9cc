package dev.tally.streams.alerts;

import dev.tally.keys.Partitions;
import dev.tally.keys.Subject;
import dev.tally.schemas.QuotaAlert;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.log.LogQuestions;
import dev.tally.streams.log.LogScan;
import dev.tally.streams.query.Answer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/** Alerts from the subject's partition of {@code quota-alerts}. They are read to the end, as the newest are wanted; only a page is kept in memory. */
public final class LoggedAlerts implements AlertHistory {

    /**
     * How much is read at most.
     *
     * @param within time for a question
     * @param atOnce questions at a time
     * @param roomWithin how long others wait for their turn
     */
    public record Bounds(Duration within, int atOnce, Duration roomWithin) {

        /** Together less than the 10 s after which a dashboard gives up; many of them may ask in the same moment. */
        public static final Bounds USUAL = new Bounds(Duration.ofSeconds(5), 3, Duration.ofSeconds(3));
    }

    private final Topics topics;
    private final RecordSerde<QuotaAlert> serde;
    private final LogQuestions questions;
    private final Duration within;

    /**
     * Alerts of an installation.
     *
     * @param client settings for Kafka clients, with {@code bootstrap.servers}
     */
    public LoggedAlerts(Map<String, Object> client, Topics topics, RecordSerdes serdes, Bounds bounds) {
        this.topics = topics;
        this.serde = serdes.of(QuotaAlert.class);
        this.questions = new LogQuestions(client, bounds.within(), bounds.atOnce(), bounds.roomWithin());
        this.within = bounds.within();
    }

    @Override
    public Answer<AlertPage> alerts(Subject subject, Instant since, int limit) {
        return questions.ask(scan -> read(scan, subject, since, limit));
    }

    private Answer<AlertPage> read(LogScan scan, Subject subject, Instant since, int limit) {
        byte[] key = subject.text().getBytes(StandardCharsets.UTF_8);
        TopicPartition partition =
                new TopicPartition(topics.quotaAlerts(), Partitions.ofKey(key, topics.subjectPartitions()));
        NewestAlerts newest = new NewestAlerts(limit);
        // An alert is appended after it was decided: hours after, where the accounts stage has been behind.
        long from = scan.firstSince(partition, since.minus(LogScan.SKEW));
        LogScan.End end = scan.read(partition, from, within, record -> {
            if (Arrays.equals(key, record.key())) {
                LogScan.decode(serde, record)
                        .filter(alert -> !alert.getAt().isBefore(since))
                        .ifPresent(newest::add);
            }
            return true;
        });
        return end.isEndOfLog()
                ? new Answer.Found<>(new AlertPage(subject, since, newest.newestFirst(), newest.isMore()), false)
                : new Answer.NotReady<>(
                        "the log was not read to its end in time; a later since leaves less to read",
                        LogQuestions.RETRY_AFTER);
    }
}
