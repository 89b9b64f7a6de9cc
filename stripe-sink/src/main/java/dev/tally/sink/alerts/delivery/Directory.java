package dev.tally.sink.alerts.delivery;

import dev.tally.schemas.Membership;
import dev.tally.schemas.MembershipStatus;
import dev.tally.schemas.Role;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.catalogue.Catalogue;
import dev.tally.schemas.catalogue.CatalogueRules;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.sink.alerts.Contacts;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Where alerts go, as the catalogue topics have it: read whole at start, then followed. As in streams-app, a record that breaks the rules of the
 * catalogue leaves what was there before. One thread loads and follows, any may ask.
 */
final class Directory implements AutoCloseable {
    private static final Duration LOAD_POLL = Duration.ofMillis(200);

    private final Consumer<byte[], byte[]> consumer;
    private final AlertTopics topics;
    private final RecordSerde<Subscription> subscriptionSerde;
    private final RecordSerde<Membership> membershipSerde;
    private final Map<String, Subscribed> subscribed = new ConcurrentHashMap<>();
    private final Map<String, Map<String, String>> owners = new ConcurrentHashMap<>();

    private record Subscribed(List<String> webhooks, List<String> emails, long offset) {}

    Directory(
            Consumer<byte[], byte[]> consumer,
            AlertTopics topics,
            RecordSerde<Subscription> subscriptionSerde,
            RecordSerde<Membership> membershipSerde) {
        this.consumer = consumer;
        this.topics = topics;
        this.subscriptionSerde = subscriptionSerde;
        this.membershipSerde = membershipSerde;
    }

    /** Reads all that is committed now, or until {@code stopping}. */
    void load(BooleanSupplier stopping) {
        List<TopicPartition> partitions = Stream.of(topics.subscriptions(), topics.memberships())
                .flatMap(topic -> consumer.partitionsFor(topic).stream())
                .map(info -> new TopicPartition(info.topic(), info.partition()))
                .toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        while (!stopping.getAsBoolean()
                && ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
            consumer.poll(LOAD_POLL).forEach(this::take);
        }
    }

    /** Takes in what has come since. */
    void follow() {
        consumer.poll(Duration.ZERO).forEach(this::take);
    }

    private void take(ConsumerRecord<byte[], byte[]> record) {
        if (record.key() == null) {
            return;
        }
        String key = new String(record.key(), StandardCharsets.UTF_8);
        if (record.topic().equals(topics.subscriptions())) {
            subscription(key, record);
        } else {
            membership(key, record);
        }
    }

    private void subscription(String key, ConsumerRecord<byte[], byte[]> record) {
        if (record.value() == null) {
            subscribed.remove(key);
        } else if (subscriptionSerde.decode(record.topic(), record.headers(), record.value())
                        instanceof Decoded.Read<Subscription>(Subscription read)
                && key.equals(Catalogue.key(read))
                && CatalogueRules.problems(read).isEmpty()) {
            if (read.getWebhooks().isEmpty() && read.getAlertEmails().isEmpty()) {
                subscribed.remove(key);
            } else {
                subscribed.put(
                        key,
                        new Subscribed(
                                List.copyOf(read.getWebhooks()), List.copyOf(read.getAlertEmails()), record.offset()));
            }
        }
    }

    private void membership(String key, ConsumerRecord<byte[], byte[]> record) {
        if (record.value() == null) {
            owner(key, null);
        } else if (membershipSerde.decode(record.topic(), record.headers(), record.value())
                        instanceof Decoded.Read<Membership>(Membership read)
                && key.equals(Catalogue.key(read))
                && CatalogueRules.problems(read).isEmpty()) {
            boolean owns = read.getRole() == Role.OWNER && read.getStatus() == MembershipStatus.ACCEPTED;
            owner(key, owns ? read.getEmail() : null);
        }
    }

    /** Sets or, with null, removes the address of a membership; its key begins with the org as subjects are written. */
    private void owner(String key, @Nullable String email) {
        int slash = key.indexOf('/');
        if (slash < 0) {
            return;
        }
        String org = "org:" + key.substring(0, slash);
        owners.compute(org, (unused, before) -> {
            Map<String, String> after = before == null ? new TreeMap<>() : new TreeMap<>(before);
            if (email == null) {
                after.remove(key);
            } else {
                after.put(key, email);
            }
            return after.isEmpty() ? null : Map.copyOf(after);
        });
    }

    /** Where the alerts of {@code subject} go; of an org also to its owners. */
    Contacts of(String subject) {
        Subscribed named = subscribed.get(subject);
        Map<String, String> owning = owners.get(subject);
        if (named == null && owning == null) {
            return Contacts.NONE;
        }
        Map<String, String> emails = new LinkedHashMap<>();
        if (named != null) {
            named.emails().forEach(email -> emails.putIfAbsent(email.toLowerCase(Locale.ROOT), email));
        }
        if (owning != null) {
            new TreeMap<>(owning).values().forEach(email -> emails.putIfAbsent(email.toLowerCase(Locale.ROOT), email));
        }
        return new Contacts(
                named == null ? List.of() : named.webhooks(),
                List.copyOf(emails.values()),
                named == null ? -1 : named.offset());
    }

    /** How many subscriptions name webhooks. */
    long withWebhooks() {
        return subscribed.values().stream()
                .filter(one -> !one.webhooks().isEmpty())
                .count();
    }

    @Override
    public void close() {
        consumer.close(CloseOptions.timeout(Duration.ofSeconds(5)));
    }
}
