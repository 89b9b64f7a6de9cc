package dev.tally.streams.state;

import java.util.Map;
import java.util.Objects;
import org.apache.kafka.streams.state.RocksDBConfigSetter;
import org.jspecify.annotations.Nullable;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.Cache;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.WriteBufferManager;

/**
 * Puts all RocksDB instances of a process under one block cache and one write-buffer manager: their memory outside the heap then has one
 * bound, however many partitions the process has. (Kafka Streams' default gives every store a cache of 50 MB and memtables of its own.)
 */
public final class SharedRocksDb implements RocksDBConfigSetter {

    /** Key, in Kafka Streams' configuration, of the bytes that all instances share. */
    public static final String MEMORY_CONFIG = "tally.rocksdb.memory";

    private static final long MEMTABLE_BYTES = 8L << 20;

    private record Shared(Cache cache, WriteBufferManager buffers) {
        static Shared of(long bytes) {
            Cache cache = new LRUCache(bytes);
            // Memtables count in the cache, and take at most half of it.
            return new Shared(cache, new WriteBufferManager(bytes / 2, cache));
        }
    }

    private static volatile @Nullable Shared shared;

    private static synchronized Shared shared(long bytes) {
        Shared known = shared;
        if (known == null) {
            known = Shared.of(bytes);
            shared = known;
        }
        return known;
    }

    @Override
    public void setConfig(String storeName, Options options, Map<String, Object> configs) {
        Shared memory = shared((Long) Objects.requireNonNull(configs.get(MEMORY_CONFIG), MEMORY_CONFIG));
        BlockBasedTableConfig table = (BlockBasedTableConfig) options.tableFormatConfig();
        table.setBlockCache(memory.cache());
        table.setCacheIndexAndFilterBlocks(true);
        table.setPinL0FilterAndIndexBlocksInCache(true);
        options.setTableFormatConfig(table);
        options.setWriteBufferManager(memory.buffers());
        options.setWriteBufferSize(MEMTABLE_BYTES);
    }

    /** What is shared outlives each store. */
    @Override
    public void close(String storeName, Options options) {}
}
