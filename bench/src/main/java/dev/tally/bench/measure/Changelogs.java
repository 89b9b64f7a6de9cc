package dev.tally.bench.measure;

import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;

/** The changelogs of an application, and how far its standbys have copied them. */
final class Changelogs {

    /** Each second some more records come to a changelog, also without actions. */
    private static final double CLOSE = 100;

    private static final String LAG = "kafka_consumer_fetch_manager_records_lag{";
    private static final Pattern PARTITION = Pattern.compile("[{,]partition=\"(\\d+)\"");
    private static final Pattern TOPIC = Pattern.compile("[{,]topic=\"([^\"]+)\"");

    private final Admin admin;
    private final GroupProgress progress;
    private final String applicationId;

    Changelogs(Admin admin, GroupProgress progress, String applicationId) {
        this.admin = admin;
        this.progress = progress;
        this.applicationId = applicationId;
    }

    /** Whether each partition that holds anything is read by a standby, and read almost to its end. */
    boolean areCopied(Collection<TallyApp> instances) {
        Set<TopicPartition> copied = new HashSet<>();
        for (TallyApp instance : instances) {
            for (String line : instance.metrics(LAG)) {
                if (line.contains("-restore-consumer\"")
                        && Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)) < CLOSE) {
                    copied.add(new TopicPartition(found(TOPIC, line), Integer.parseInt(found(PARTITION, line))));
                }
            }
        }
        return copied.containsAll(written());
    }

    private static String found(Pattern label, String line) {
        Matcher matcher = label.matcher(line);
        if (!matcher.find()) {
            throw new IllegalStateException("no " + label + " in " + line);
        }
        return matcher.group(1);
    }

    private Set<TopicPartition> written() {
        Set<TopicPartition> written = new HashSet<>();
        try {
            for (String topic : admin.listTopics(new ListTopicsOptions().listInternal(true))
                    .names()
                    .get()) {
                if (topic.startsWith(applicationId + "-") && topic.endsWith("-changelog")) {
                    written.addAll(progress.ends(topic).keySet());
                }
            }
        } catch (ExecutionException e) {
            throw new KafkaException("the topics cannot be listed", e.getCause());
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
        return written;
    }
}
