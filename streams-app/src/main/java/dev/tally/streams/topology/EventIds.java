package dev.tally.streams.topology;

import dev.tally.streams.state.Numbers;
import dev.tally.streams.state.StoreKey;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * The ids of accepted actions, remembered for a horizon of the partition's stream time after acceptance, whatever time a re-sent event
 * carries.
 *
 * <p>An id is (userId, eventId); a keyed 128-bit hash stands for it, so collisions cannot be crafted. Nothing in the store depends on the
 * horizon, so it may change between two runs: a shorter one holds at once, a longer one for what has not been forgotten yet.
 */
final class EventIds {

    private static final int HASH_BYTES = 16;
    private static final int ID = 'i';
    private static final int BY_AGE = 'a';
    private static final int FORGET_AT_LEAST = 2_000;
    private static final byte[] PRESENT = {};

    private final KeyValueStore<Bytes, byte[]> store;
    private final long horizonMillis;
    private final Mac mac;
    private int remembered;

    EventIds(KeyValueStore<Bytes, byte[]> store, Duration horizon, byte[] identityKey) {
        this.store = store;
        this.horizonMillis = horizon.toMillis();
        try {
            mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(identityKey, "HmacSHA256"));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has HmacSHA256", e);
        }
    }

    /** The hash that stands for an action's identity. */
    byte[] hash(String userId, String eventId) {
        byte[] user = userId.getBytes(StandardCharsets.UTF_8);
        mac.update((byte) (user.length >>> 8));
        mac.update((byte) user.length);
        mac.update(user);
        return Arrays.copyOf(mac.doFinal(eventId.getBytes(StandardCharsets.UTF_8)), HASH_BYTES);
    }

    /** Whether an id was accepted within the horizon before stream time. */
    boolean knows(byte[] hash, Instant streamTime) {
        byte[] acceptedAt = store.get(key(hash));
        return acceptedAt != null && Numbers.fromBytes(acceptedAt) + horizonMillis >= streamTime.toEpochMilli();
    }

    /** Remembers an id accepted at a stream time. */
    void remember(byte[] hash, Instant streamTime) {
        long now = streamTime.toEpochMilli();
        store.put(key(hash), Numbers.toBytes(now));
        store.put(StoreKey.key().tag(BY_AGE).number(now).raw(hash).bytes(), PRESENT);
        remembered++;
    }

    /**
     * Removes ids past the horizon and says how many: in slices, but faster than new ones come.
     *
     * @param streamTime the partition's
     */
    int forget(Instant streamTime) {
        int most = Math.max(FORGET_AT_LEAST, 2 * remembered);
        remembered = 0;
        long oldest = streamTime.toEpochMilli() - horizonMillis;
        List<Bytes> past = new ArrayList<>();
        try (KeyValueIterator<Bytes, byte[]> byAge = store.range(
                StoreKey.key().tag(BY_AGE).bytes(),
                StoreKey.key().tag(BY_AGE).number(oldest).bytes())) {
            while (byAge.hasNext() && past.size() < most) {
                past.add(byAge.next().key);
            }
        }
        past.forEach(this::forget);
        return past.size();
    }

    private void forget(Bytes byAge) {
        StoreKey.Reader reader = new StoreKey.Reader(byAge);
        reader.tag();
        long acceptedAt = reader.number();
        Bytes id = key(reader.rest());
        // It may have been accepted again since.
        if (Numbers.orElse(store.get(id), Long.MAX_VALUE) == acceptedAt) {
            store.delete(id);
        }
        store.delete(byAge);
    }

    private static Bytes key(byte[] hash) {
        return StoreKey.key().tag(ID).raw(hash).bytes();
    }
}
