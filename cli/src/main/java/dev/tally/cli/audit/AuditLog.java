package dev.tally.cli.audit;

import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.Meter;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** The log of actions, read once for all that is recounted of it, and once more for what explains a difference. */
public final class AuditLog {

    /** How far an event may be dated ahead of its record. */
    private static final Duration AHEAD = Duration.ofMinutes(5);

    private final Cluster cluster;
    private final Topics topics;
    private final RecordSerde<ActionEvent> serde;
    private final List<Meter> meters;
    private final Recount counts;
    private final ChargeRecount charges;
    private final LimitRecount limits;
    private final Causes causes;
    private final KeptAside late;
    private final KeptAside dead;
    private final List<Difference> differences = new ArrayList<>();
    private final Map<Integer, Instant> oldest = new HashMap<>();
    private final Map<Integer, Long> beginnings;
    private Map<Integer, Long> settledTo = Map.of();
    private Map<Integer, Long> position = Map.of();
    private boolean grown;

    /** Reads what is kept aside; to be made once Tally has processed what is to be read as settled. */
    public AuditLog(
            Cluster cluster,
            RecordSerdes serdes,
            Topics topics,
            List<Meter> meters,
            ChargeRecount charges,
            LimitRecount limits,
            Causes causes) {
        this.cluster = cluster;
        this.topics = topics;
        this.serde = serdes.of(ActionEvent.class);
        this.meters = List.copyOf(meters);
        this.counts = new Recount(meters);
        this.charges = charges;
        this.limits = limits;
        this.causes = causes;
        late = new KeptAside(cluster, topics.lateActions(), topics.actions());
        dead = new KeptAside(cluster, topics.deadLetters(), topics.actions());
        beginnings = cluster.beginnings(topics.actions());
    }

    /** Reads what Tally has processed for sure. */
    public void readSettled(Map<Integer, Long> end) {
        cluster.read(topics.actions(), Map.of(), end, record -> take(record, true));
        settledTo = Map.copyOf(end);
        position = settledTo;
    }

    /** Reads on to where the log ends now. What became of these actions is not known yet: each may count, and need not. */
    public void readOn() {
        Map<Integer, Long> end = cluster.ends(topics.actions());
        grown = !end.equals(position);
        if (grown) {
            cluster.read(topics.actions(), position, end, record -> take(record, false));
            position = Map.copyOf(end);
        }
    }

    /** Whether anything was published since what was settled. */
    public boolean hasGrown() {
        return grown || !position.equals(settledTo);
    }

    private void take(ConsumerRecord<byte[], byte[]> record, boolean settled) {
        oldest.putIfAbsent(record.partition(), Instant.ofEpochMilli(record.timestamp()));
        Place place = Place.of(record);
        if (settled && late.of(place).isPresent()) {
            counts.late(record.partition());
            return;
        }
        Optional<KeptAside.Letter> letter = settled ? dead.of(place) : Optional.empty();
        switch (serde.decode(topics.actions(), record.headers(), record.value())) {
            case Decoded.Read<ActionEvent> read -> sound(place, record, read.value(), letter, settled);
            case Decoded.Refused<ActionEvent> refused -> {
                counts.deadLettered(record.partition());
                if (settled && letter.isEmpty()) {
                    differences.add(Difference.of(
                            place + ": cannot be read (" + refused.reason().code() + ") and is no dead letter"));
                }
            }
        }
    }

    private void sound(
            Place place,
            ConsumerRecord<byte[], byte[]> record,
            ActionEvent action,
            Optional<KeptAside.Letter> letter,
            boolean settled) {
        Instant publishedAt = Instant.ofEpochMilli(record.timestamp());
        Optional<String> broken = SoundAction.broken(action, publishedAt, counts.amounts(action));
        String event = action.getEventId() + " of user " + action.getUserId();
        if (letter.isPresent() || broken.isPresent()) {
            counts.deadLettered(record.partition());
            if (settled && letter.isEmpty()) {
                differences.add(Difference.of(
                        place + ": " + event + " breaks a rule (" + broken.orElseThrow() + ") and is no dead letter"));
            } else if (broken.isEmpty() && letter.isPresent() && !isByDay(letter.get())) {
                differences.add(Difference.of(place + ": " + event + " breaks no rule, and is a dead letter ("
                        + letter.get().place() + ", " + letter.get().reason() + ")"));
            }
            return;
        }
        limits.seen(action.getUserId(), record.partition());
        Map<String, Long> amounts = counts.action(record.partition(), action);
        if (!amounts.isEmpty()) {
            String payer = charges.action(record.partition(), publishedAt, settled, action, amounts);
            limits.action(place, publishedAt, settled, action, amounts, payer);
            causes.action(action);
        }
    }

    /** Refused for what its user had used that day already. */
    private static boolean isByDay(KeptAside.Letter letter) {
        return letter.reason().equals("amount_too_large") && letter.detail().contains("in one day");
    }

    /** What is counted so far. */
    public Reading reading() {
        return counts.reading();
    }

    /** All windows that have anything. */
    public Set<WindowId> windows() {
        return limits.windows().keySet();
    }

    /** What is wrong with the log, and with what was kept aside of it. */
    public List<Difference> differences() {
        List<Difference> all = new ArrayList<>(differences);
        all.addAll(late.differences(beginnings, settledTo));
        all.addAll(dead.differences(beginnings, settledTo));
        return all;
    }

    /** Whether the log has every action that was ever published. */
    public boolean isWhole() {
        return beginnings.values().stream().allMatch(offset -> offset == 0);
    }

    /** What begins then or later has all of its actions in the log: no event is dated further ahead of its record. */
    public Instant wholeFrom() {
        Instant from = Instant.MIN;
        for (Map.Entry<Integer, Long> begin : beginnings.entrySet()) {
            if (begin.getValue() > 0) {
                // Of a partition without any record all may have been deleted just now.
                Instant first = oldest.getOrDefault(begin.getKey(), Instant.MAX.minus(AHEAD));
                from = from.isAfter(first.plus(AHEAD)) ? from : first.plus(AHEAD);
            }
        }
        return from;
    }

    /** Reads the log again for the events of differences. */
    public void gather(Evidence evidence) {
        if (evidence.isEmpty()) {
            return;
        }
        Recount again = new Recount(meters);
        cluster.read(topics.actions(), Map.of(), position, record -> {
            if (!(serde.decode(topics.actions(), record.headers(), record.value())
                    instanceof Decoded.Read<ActionEvent>(ActionEvent action))) {
                return;
            }
            Place place = Place.of(record);
            Map<String, Long> amounts = again.amounts(action);
            String why = null;
            if (late.of(place).isPresent()) {
                why = "late";
            } else if (dead.of(place).isPresent()
                    || SoundAction.broken(action, Instant.ofEpochMilli(record.timestamp()), amounts)
                            .isPresent()) {
                why = "dead letter";
            } else if (again.action(record.partition(), action).isEmpty()) {
                why = action.getReadOnly() ? "read-only" : "duplicate";
            }
            evidence.action(action, place, amounts, Optional.ofNullable(why));
        });
    }
}
