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
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * The ids of accepted actions, remembered for a horizon of the partition's stream time after acceptance, whatever time a re-sent event
 * carries.
 *
 * <p>An id is (userId, eventId); a keyed 128-bit hash stands for it, so collisions cannot be crafted. Ids lie in generations as long as
 * the horizon: an id of generation g is remembered until some time in g + 1, so a look-up asks two, and a generation is forgotten whole.
 */
final class EventIds {

    private static final int HASH_BYTES = 16;

    private final KeyValueStore<Bytes, byte[]> store;
    private final long horizonMillis;
    private final Mac mac;

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
        long now = streamTime.toEpochMilli();
        long generation = Math.floorDiv(now, horizonMillis);
        if (store.get(key(generation, hash)) != null) {
            return true;
        }
        byte[] acceptedAt = store.get(key(generation - 1, hash));
        return acceptedAt != null && Numbers.fromBytes(acceptedAt) + horizonMillis >= now;
    }

    /** Remembers an id accepted at a stream time. */
    void remember(byte[] hash, Instant streamTime) {
        long now = streamTime.toEpochMilli();
        store.put(key(Math.floorDiv(now, horizonMillis), hash), Numbers.toBytes(now));
    }

    /** Removes at most a number of ids whose generation is past, and says how many. */
    int forget(Instant streamTime, int most) {
        long oldest = Math.floorDiv(streamTime.toEpochMilli(), horizonMillis) - 1;
        List<Bytes> past = new ArrayList<>();
        try (KeyValueIterator<Bytes, byte[]> ids = store.range(
                StoreKey.key().number(Long.MIN_VALUE).bytes(),
                StoreKey.key().number(oldest).bytes())) {
            while (ids.hasNext() && past.size() < most) {
                KeyValue<Bytes, byte[]> id = ids.next();
                past.add(id.key);
            }
        }
        past.forEach(store::delete);
        return past.size();
    }

    private static Bytes key(long generation, byte[] hash) {
        return StoreKey.key().number(generation).raw(hash).bytes();
    }
}
