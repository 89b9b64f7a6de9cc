package dev.tally.e2e;

import org.testcontainers.images.ImagePullPolicy;
import org.testcontainers.utility.DockerImageName;

/**
 * Takes images as they are on this machine: {@code TESTCONTAINERS_PULL_POLICY=dev.tally.e2e.NeverPull}, where no registry can be reached and
 * the default policy would try for minutes.
 */
public final class NeverPull implements ImagePullPolicy {

    @Override
    public boolean shouldPull(DockerImageName image) {
        return false;
    }
}
