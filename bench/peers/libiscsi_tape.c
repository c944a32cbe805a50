/*
 * The same work as bench/tape_throughput.ts, done with libiscsi:
 *
 *     libiscsi_tape URL write|read RECORD_BYTES COUNT DEPTH
 *
 * It prints the same line. Needs Debian's gcc and libiscsi-dev; link with -liscsi. Commands are those of SSC-4: REWIND
 * (01h), READ(6) (08h), WRITE(6) (0Ah), WRITE FILEMARKS(6) (10h), in variable-block mode.
 */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>

#define INITIATOR "iqn.2026-03.com.example:bench"

struct job {
    int lun;
    int reading;
    int record_bytes;
    long count;
    int depth;
    long started;
    long ended;
};

/* One command that may be on its way, with the memory of its record. */
struct lane {
    struct job *job;
    unsigned char *record;
};

static void give_up(const char *what, const char *why)
{
    fprintf(stderr, "Cannot measure: %s: %s\n", what, why);
    exit(1);
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
}

static double cpu_seconds(const struct rusage *usage)
{
    return usage->ru_utime.tv_sec + usage->ru_stime.tv_sec +
           (usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
}

static void start_next(struct iscsi_context *iscsi, struct lane *lane);

static void ended(struct iscsi_context *iscsi, int status, void *command_data, void *private_data)
{
    struct scsi_task *task = command_data;
    struct lane *lane = private_data;

    if (status != SCSI_STATUS_GOOD) give_up("a record", iscsi_get_error(iscsi));
    if (task->residual_status != SCSI_RESIDUAL_NO_RESIDUAL) give_up("a record", "it has another size");
    scsi_free_scsi_task(task);
    lane->job->ended++;
    start_next(iscsi, lane);
}

static void start_next(struct iscsi_context *iscsi, struct lane *lane)
{
    struct job *job = lane->job;
    int bytes = job->record_bytes;
    unsigned char cdb[6] = {job->reading ? 0x08 : 0x0a, 0, bytes >> 16, bytes >> 8, bytes, 0};
    struct scsi_task *task;

    if (job->started == job->count) return;
    job->started++;
    task = scsi_create_task(sizeof cdb, cdb, job->reading ? SCSI_XFER_READ : SCSI_XFER_WRITE, bytes);
    if (task == NULL) give_up("a record", "no memory");
    if (job->reading) scsi_task_add_data_in_buffer(task, bytes, lane->record);
    else scsi_task_add_data_out_buffer(task, bytes, lane->record);
    if (iscsi_scsi_command_async(iscsi, job->lun, task, ended, NULL, lane) != 0)
        give_up("a record", iscsi_get_error(iscsi));
}

static void move_records(struct iscsi_context *iscsi, struct job *job, struct lane *lanes)
{
    for (int index = 0; index < job->depth; index++) start_next(iscsi, &lanes[index]);
    while (job->ended < job->count) {
        struct pollfd event = {.fd = iscsi_get_fd(iscsi), .events = iscsi_which_events(iscsi)};
        if (poll(&event, 1, -1) < 0 && errno != EINTR) give_up("poll", strerror(errno));
        if (iscsi_service(iscsi, event.revents) < 0) give_up("the connection", iscsi_get_error(iscsi));
    }
}

/* A command without data; its status. */
static int execute(struct iscsi_context *iscsi, int lun, unsigned char opcode)
{
    unsigned char cdb[6] = {opcode, 0, 0, 0, 0, 0};
    struct scsi_task *task = scsi_create_task(sizeof cdb, cdb, SCSI_XFER_NONE, 0);
    int status;

    if (task == NULL || iscsi_scsi_command_sync(iscsi, lun, task, NULL) == NULL)
        give_up("a command", iscsi_get_error(iscsi));
    status = task->status;
    scsi_free_scsi_task(task);
    return status;
}

/* The first commands may be answered with unit attentions. */
static void rewind_tape(struct iscsi_context *iscsi, int lun)
{
    for (int attempt = 0; attempt < 5; attempt++)
        if (execute(iscsi, lun, 0x01) == SCSI_STATUS_GOOD) return;
    give_up("rewind", "the drive refuses it");
}

static struct lane *make_lanes(struct job *job)
{
    struct lane *lanes = calloc(job->depth, sizeof *lanes);
    if (lanes == NULL) give_up("records", "no memory");
    for (int index = 0; index < job->depth; index++) {
        lanes[index].job = job;
        lanes[index].record = malloc(job->record_bytes);
        if (lanes[index].record == NULL) give_up("records", "no memory");
        memset(lanes[index].record, 0x5a, job->record_bytes);
    }
    return lanes;
}

static struct iscsi_context *connect_to(const char *address, int *lun)
{
    struct iscsi_context *iscsi = iscsi_create_context(INITIATOR);
    struct iscsi_url *url;

    if (iscsi == NULL) give_up("the session", "no memory");
    url = iscsi_parse_full_url(iscsi, address);
    if (url == NULL) give_up(address, iscsi_get_error(iscsi));
    iscsi_set_targetname(iscsi, url->target);
    iscsi_set_session_type(iscsi, ISCSI_SESSION_NORMAL);
    if (iscsi_full_connect_sync(iscsi, url->portal, url->lun) != 0)
        give_up(address, iscsi_get_error(iscsi));
    *lun = url->lun;
    iscsi_destroy_url(url);
    return iscsi;
}

/* The kernel's own figure: that of getrusage begins with the size of the process that started this one. */
static double most_memory_mb(void)
{
    FILE *status = fopen("/proc/self/status", "r");
    char line[256];
    double kilobytes = 0;

    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (sscanf(line, "VmHWM: %lf kB", &kilobytes) == 1) break;
    if (status != NULL) fclose(status);
    return kilobytes * 1024 / 1e6;
}

static void report(const struct job *job, double seconds)
{
    double bytes = (double)job->record_bytes * job->count;
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    printf("libiscsi %s rec=%d depth=%d MB=%.0f wall=%.3f MB/s=%.0f cpu=%.3f cpu_s/GB=%.3f rss=%.0fMB\n",
           job->reading ? "read" : "write", job->record_bytes, job->depth, bytes / 1e6, seconds,
           bytes / 1e6 / seconds, cpu_seconds(&usage), cpu_seconds(&usage) / (bytes / 1e9),
           most_memory_mb());
}

int main(int argc, char **argv)
{
    struct job job = {0};
    struct iscsi_context *iscsi;
    struct lane *lanes;
    double start;

    if (argc != 6) give_up("usage", "URL write|read RECORD_BYTES COUNT DEPTH");
    job.reading = strcmp(argv[2], "read") == 0;
    job.record_bytes = atoi(argv[3]);
    job.count = atol(argv[4]);
    job.depth = atoi(argv[5]);
    if (job.record_bytes < 1 || job.record_bytes > 0xffffff || job.count < 1 || job.depth < 1)
        give_up("usage", "a number is out of range");

    iscsi = connect_to(argv[1], &job.lun);
    rewind_tape(iscsi, job.lun);
    lanes = make_lanes(&job);
    start = seconds_now();
    move_records(iscsi, &job, lanes);
    if (!job.reading && execute(iscsi, job.lun, 0x10) != SCSI_STATUS_GOOD)
        give_up("flush", "the drive refuses WRITE FILEMARKS");
    report(&job, seconds_now() - start);

    iscsi_logout_sync(iscsi);
    iscsi_destroy_context(iscsi);
    for (int index = 0; index < job.depth; index++) free(lanes[index].record);
    free(lanes);
    return 0;
}
