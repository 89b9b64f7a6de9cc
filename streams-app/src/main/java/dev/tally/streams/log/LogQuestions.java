package dev.tally.streams.log;

import dev.tally.schemas.topics.TopicReader;
import dev.tally.streams.query.Answer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers questions from the log: a few at a time, so that they do no harm to what else the instance does, and each within a time. */
public final class LogQuestions {

    /** When to ask again where there was no answer. */
    public static final Duration RETRY_AFTER = Duration.ofSeconds(2);

    private static final Logger log = LoggerFactory.getLogger(LogQuestions.class);

    /** Of a single answer of a broker, of which a request needs three besides the records. */
    private static final Duration BROKER_WITHIN = Duration.ofSeconds(4);

    private static final Duration BROKER_LEAST = Duration.ofSeconds(1);

    /** Fetched at a time: much is read, and little of it kept. */
    private static final int FETCH_BYTES = 4 * 1024 * 1024;

    private static final int POLL_RECORDS = 10_000;

    /** A fetch that waits at the end of one partition keeps the other from being read. */
    private static final int FETCH_WAIT_MILLIS = 20;

    private final Map<String, Object> config;
    private final Duration within;
    private final Semaphore room;
    private final Duration roomWithin;

    /**
     * Questions to an installation's brokers.
     *
     * @param client settings for Kafka clients, with {@code bootstrap.servers}
     * @param within time for what one question reads
     * @param atOnce questions that are read for at a time
     * @param roomWithin how long another one waits to be among them, before it is turned away
     */
    public LogQuestions(Map<String, Object> client, Duration within, int atOnce, Duration roomWithin) {
        Map<String, Object> reading = TopicReader.settings(client);
        reading.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
        reading.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, FETCH_BYTES);
        reading.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, FETCH_BYTES);
        reading.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, FETCH_WAIT_MILLIS);
        reading.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, POLL_RECORDS);
        int brokerMillis = (int) Math.clamp(within.toMillis() / 3, BROKER_LEAST.toMillis(), BROKER_WITHIN.toMillis());
        reading.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, brokerMillis);
        reading.put(ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG, brokerMillis);
        this.config = Map.copyOf(reading);
        this.within = within;
        this.room = new Semaphore(atOnce);
        this.roomWithin = roomWithin;
    }

    /**
     * Reads the answer to a question.
     *
     * @return not ready where there is no room in time, or where brokers or the registry do not answer
     */
    public <T> Answer<T> ask(Function<LogScan, Answer<T>> question) {
        if (!isRoom()) {
            return new Answer.NotReady<>("the log is being read for other such requests; ask again", RETRY_AFTER);
        }
        try (LogScan scan = new LogScan(config, within)) {
            return question.apply(scan);
        } catch (KafkaException e) {
            log.atWarn().setCause(e).log("The log cannot be read");
            return new Answer.NotReady<>("the log cannot be read at the moment", RETRY_AFTER);
        } finally {
            room.release();
        }
    }

    private boolean isRoom() {
        try {
            return room.tryAcquire(roomWithin.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
