package dev.tally.sink.alerts.delivery;

import dev.tally.schemas.AlertLedgerEntry;
import dev.tally.sink.alerts.AlertRules;
import dev.tally.sink.alerts.Channel;
import dev.tally.sink.alerts.Recipient;
import dev.tally.sink.delivery.FactRecord;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.common.TopicPartition;

/**
 * What one partition's ledger says: which alerts wait for which addresses, which are settled, which endpoints are gone. Entries are applied in the
 * order of the topic; a settled alert never waits again.
 */
final class AlertMemory {
    private final TopicPartition alerts;
    private final Instant forgetBefore;
    private final Map<String, Waiting> waiting = new LinkedHashMap<>();
    private final Map<Recipient, Integer> waitingByRecipient = new HashMap<>();
    private final Map<String, Instant> settled = new HashMap<>();
    private final Map<Endpoint, Long> gone = new ConcurrentHashMap<>();

    private final Set<Recipient> failing = ConcurrentHashMap.newKeySet();

    private record Endpoint(String subject, String address) {}

    /** @param forgetBefore settled alerts that were appended before this are not remembered: read again, they have expired */
    AlertMemory(TopicPartition alerts, Instant forgetBefore) {
        this.alerts = alerts;
        this.forgetBefore = forgetBefore;
    }

    void apply(AlertLedgerEntry entry) {
        Recipient recipient = new Recipient(channel(entry), entry.getAddress());
        String key = recipient.ledgerKey(entry.getAlertId());
        switch (entry.getState()) {
            case PENDING -> {
                if (!settled.containsKey(key)) {
                    add(
                            key,
                            new Waiting(
                                    origin(entry),
                                    entry.getAlertId(),
                                    entry.getSubject(),
                                    recipient,
                                    entry.getCatalogueOffset()));
                }
            }
            case DELIVERED, DEAD -> {
                settle(key, entry.getAppendedAt());
                if (AlertRules.GONE.equals(entry.getReason())) {
                    gone(entry.getSubject(), entry.getAddress(), entry.getCatalogueOffset());
                }
            }
            case UNKNOWN -> throw new IllegalStateException("the ledger was written by a newer version");
        }
    }

    private static Channel channel(AlertLedgerEntry entry) {
        return switch (entry.getChannel()) {
            case WEBHOOK -> Channel.WEBHOOK;
            case MAIL -> Channel.MAIL;
            case UNKNOWN -> throw new IllegalStateException("the ledger was written by a newer version");
        };
    }

    private FactRecord origin(AlertLedgerEntry entry) {
        ByteBuffer alert = entry.getAlert();
        byte[] value = new byte[alert == null ? 0 : alert.remaining()];
        if (alert != null) {
            alert.duplicate().get(value);
        }
        return new FactRecord(
                alerts.topic(),
                alerts.partition(),
                entry.getAlertOffset(),
                entry.getAppendedAt(),
                entry.getSubject().getBytes(StandardCharsets.UTF_8),
                value);
    }

    void add(String key, Waiting one) {
        if (waiting.putIfAbsent(key, one) == null) {
            waitingByRecipient.merge(one.recipient(), 1, Integer::sum);
        }
    }

    void settle(String key, Instant appendedAt) {
        Waiting before = waiting.remove(key);
        if (before != null) {
            waitingByRecipient.computeIfPresent(before.recipient(), (recipient, count) -> count > 1 ? count - 1 : null);
        }
        if (!appendedAt.isBefore(forgetBefore)) {
            settled.put(key, appendedAt);
        }
    }

    /** Remembers that an endpoint answered 410 when {@code catalogueOffset} was its subject's newest subscription record. */
    void gone(String subject, String address, long catalogueOffset) {
        gone.merge(new Endpoint(subject, address), catalogueOffset, Math::max);
    }

    /** Whether an endpoint is gone and its subscription has not changed since; may be asked from any thread. */
    boolean isGone(String subject, String address, long catalogueOffset) {
        Long since = gone.get(new Endpoint(subject, address));
        return since != null && catalogueOffset <= since;
    }

    /** Remembers whether the newest attempt at an address failed; may be called from any thread. */
    void failing(Recipient recipient, boolean failed) {
        if (failed) {
            failing.add(recipient);
        } else {
            failing.remove(recipient);
        }
    }

    boolean isFailing(Recipient recipient) {
        return failing.contains(recipient);
    }

    boolean knows(String key) {
        return waiting.containsKey(key) || settled.containsKey(key);
    }

    int waitingFor(Recipient recipient) {
        return waitingByRecipient.getOrDefault(recipient, 0);
    }

    /** What waits, in the order of the alerts. */
    List<Waiting> inOrder() {
        Collection<Waiting> all = waiting.values();
        return all.stream()
                .sorted(Comparator.comparingLong(one -> one.origin().offset()))
                .toList();
    }

    Optional<Instant> oldestWaiting() {
        return waiting.values().stream().findFirst().map(one -> one.origin().appendedAt());
    }

    void dropSettledBefore(Instant oldest) {
        settled.values().removeIf(appendedAt -> appendedAt.isBefore(oldest));
    }

    int waitingCount() {
        return waiting.size();
    }

    int size() {
        return waiting.size() + settled.size();
    }
}
