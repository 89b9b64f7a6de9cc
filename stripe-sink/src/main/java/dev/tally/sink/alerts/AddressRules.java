package dev.tally.sink.alerts;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;

/**
 * Which addresses a webhook must not reach, because what listens there trusts its network and not the public. Source: IANA's special-purpose
 * address registries of IPv4 and IPv6.
 */
public final class AddressRules {
    private static final List<Block> FORBIDDEN_V4 = List.of(
            Block.of("0.0.0.0", 8),
            Block.of("10.0.0.0", 8),
            Block.of("100.64.0.0", 10),
            Block.of("127.0.0.0", 8),
            Block.of("169.254.0.0", 16),
            Block.of("172.16.0.0", 12),
            Block.of("192.0.0.0", 24),
            Block.of("192.0.2.0", 24),
            Block.of("192.88.99.0", 24),
            Block.of("192.168.0.0", 16),
            Block.of("198.18.0.0", 15),
            Block.of("198.51.100.0", 24),
            Block.of("203.0.113.0", 24),
            Block.of("224.0.0.0", 4),
            Block.of("240.0.0.0", 4));

    /** All that is handed out to the public so far. */
    private static final Block GLOBAL_V6 = Block.of("2000::", 3);

    private static final List<Block> FORBIDDEN_V6 =
            List.of(Block.of("2001::", 23), Block.of("2001:db8::", 32), Block.of("3fff::", 20));

    /** Forms of IPv6 addresses that lead to an IPv4 address, with the index of its first byte. */
    private static final List<Embedding> EMBEDDED_V4 = List.of(
            new Embedding(new Block(mappedPrefix(), 96), 12),
            new Embedding(Block.of("64:ff9b::", 96), 12),
            new Embedding(Block.of("2002::", 16), 2));

    private AddressRules() {}

    /** Addresses whose first {@code bits} are those of {@code prefix}. */
    @SuppressWarnings("ArrayRecordComponent")
    private record Block(byte[] prefix, int bits) {
        static Block of(String literal, int bits) {
            try {
                return new Block(InetAddress.getByName(literal).getAddress(), bits);
            } catch (UnknownHostException impossible) {
                throw new IllegalArgumentException(literal + " is no address", impossible);
            }
        }

        boolean holds(byte[] address) {
            for (int bit = 0; bit < bits; bit++) {
                int mask = 0x80 >> (bit % 8);
                if ((address[bit / 8] & mask) != (prefix[bit / 8] & mask)) {
                    return false;
                }
            }
            return true;
        }
    }

    private record Embedding(Block block, int firstByte) {}

    /** {@code ::ffff:0:0}; as a literal Java takes it for IPv4. */
    private static byte[] mappedPrefix() {
        byte[] prefix = new byte[16];
        prefix[10] = (byte) 0xff;
        prefix[11] = (byte) 0xff;
        return prefix;
    }

    /** Whether anybody may reach this address: not loopback, private, link-local, shared, reserved, multicast or a form of these. */
    public static boolean isPublic(InetAddress address) {
        byte[] bytes = address.getAddress();
        return bytes.length == 4 ? isPublicV4(bytes) : isPublicV6(bytes);
    }

    private static boolean isPublicV4(byte[] address) {
        return FORBIDDEN_V4.stream().noneMatch(block -> block.holds(address));
    }

    private static boolean isPublicV6(byte[] address) {
        for (Embedding embedding : EMBEDDED_V4) {
            if (embedding.block().holds(address)) {
                return isPublicV4(Arrays.copyOfRange(address, embedding.firstByte(), embedding.firstByte() + 4));
            }
        }
        return GLOBAL_V6.holds(address) && FORBIDDEN_V6.stream().noneMatch(block -> block.holds(address));
    }
}
