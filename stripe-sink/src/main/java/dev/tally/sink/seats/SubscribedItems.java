package dev.tally.sink.seats;

import dev.tally.schemas.Subscription;
import dev.tally.schemas.SubscriptionStatus;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RegistryUnavailableException;
import dev.tally.sink.seats.rules.Target;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which subscription item each org has, by all partitions of {@code subscriptions}: whoever publishes a catalogue may choose another
 * partitioner than the seat changes have. Orgs without an item take no memory.
 */
final class SubscribedItems implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(SubscribedItems.class);
    private static final Duration LOADING_POLL = Duration.ofMillis(100);
    private static final Duration REGISTRY_PAUSE = Duration.ofSeconds(1);
    private static final String ORG = "org:";

    /** What an id of Stripe's can be; with it an Idempotency-Key stays under its 255 characters. */
    private static final Pattern ITEM = Pattern.compile("[!-~]{1,200}");

    private static final Target NO_ITEM = new Target.NoItem();

    private final Consumer<byte[], byte[]> consumer;
    private final RecordSerde<Subscription> serde;
    private final String topic;
    private final Map<String, Target> targets = new HashMap<>();
    private final Map<TopicPartition, Long> missing = new HashMap<>();
    private boolean opened;
    private @Nullable Instant blockedUntil;

    SubscribedItems(Consumer<byte[], byte[]> consumer, RecordSerde<Subscription> serde, String topic) {
        this.consumer = consumer;
        this.serde = serde;
        this.topic = topic;
    }

    /** Begins to read all there is. */
    void open() {
        List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                .map(info -> new TopicPartition(topic, info.partition()))
                .toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        missing.putAll(consumer.endOffsets(partitions));
        missing.values().removeIf(end -> end == 0);
        opened = true;
    }

    /** Whether all that was there when it was opened has been read. */
    boolean isLoaded() {
        return opened && missing.isEmpty();
    }

    Target of(String org) {
        return targets.getOrDefault(org, NO_ITEM);
    }

    /** Reads on; returns the orgs whose target is another now. */
    Set<String> step(Instant now) {
        if (blockedUntil != null && now.isBefore(blockedUntil)) {
            return Set.of();
        }
        Set<String> changed = new HashSet<>();
        ConsumerRecords<byte[], byte[]> records = consumer.poll(isLoaded() ? Duration.ZERO : LOADING_POLL);
        for (TopicPartition partition : records.partitions()) {
            take(partition, records.records(partition), now, changed);
        }
        missing.entrySet().removeIf(end -> consumer.position(end.getKey()) >= end.getValue());
        return changed;
    }

    private void take(
            TopicPartition partition, List<ConsumerRecord<byte[], byte[]>> records, Instant now, Set<String> changed) {
        for (ConsumerRecord<byte[], byte[]> record : records) {
            try {
                take(record, changed);
            } catch (RegistryUnavailableException away) {
                consumer.seek(partition, record.offset());
                blockedUntil = now.plus(REGISTRY_PAUSE);
                return;
            }
        }
    }

    /** What cannot be read changes nothing: the catalogue stage keeps it as a dead letter. */
    private void take(ConsumerRecord<byte[], byte[]> record, Set<String> changed) {
        String subject = record.key() == null ? "" : new String(record.key(), StandardCharsets.UTF_8);
        if (!subject.startsWith(ORG)) {
            return;
        }
        if (record.value() == null) {
            put(subject, NO_ITEM, changed);
            return;
        }
        switch (serde.decode(record.topic(), record.headers(), record.value())) {
            case Decoded.Read<Subscription>(Subscription subscription) -> put(subject, target(subscription), changed);
            case Decoded.Refused<Subscription>(var reason, String detail) ->
                log.atWarn()
                        .addKeyValue("topic", record.topic())
                        .addKeyValue("partition", record.partition())
                        .addKeyValue("offset", record.offset())
                        .addKeyValue("reason", reason.code())
                        .log("A subscription cannot be read; its org keeps the item it has");
        }
    }

    private static Target target(Subscription subscription) {
        if (subscription.getStatus() == SubscriptionStatus.CANCELED) {
            return new Target.Canceled();
        }
        String item = subscription.getStripeSeatItemId();
        return item == null || !ITEM.matcher(item).matches() ? NO_ITEM : new Target.Item(item);
    }

    private void put(String org, Target target, Set<String> changed) {
        Target before = target.equals(NO_ITEM) ? targets.remove(org) : targets.put(org, target);
        if (!target.equals(before == null ? NO_ITEM : before)) {
            changed.add(org);
        }
    }

    @Override
    public void close() {
        consumer.close(CloseOptions.timeout(Duration.ofSeconds(5)));
    }
}
