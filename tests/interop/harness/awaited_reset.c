/*
 * Loaded into iscsi-test-cu by LD_PRELOAD: a task management request there waits for its response.
 *
 * Version 1.19's LUNResetSimpleAsync queues the request, and in the next line asserts that it has been answered, before
 * a byte of it is on the wire; so it passes against no target. Behind that line it would wait for the answers, and judge
 * them. With this it does.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <stdint.h>

#include <iscsi/iscsi.h>

#define PATIENCE_MS 5000

struct awaited {
    iscsi_command_cb told;
    void *private_data;
    int answered;
};

static void answered(struct iscsi_context *iscsi, int status, void *response, void *private_data)
{
    struct awaited *awaited = private_data;

    awaited->answered = 1;
    awaited->told(iscsi, status, response, awaited->private_data);
}

int iscsi_task_mgmt_async(struct iscsi_context *iscsi, int lun, enum iscsi_task_mgmt_funcs function,
                          uint32_t ritt, uint32_t rcmdsn, iscsi_command_cb told, void *private_data)
{
    __typeof__(&iscsi_task_mgmt_async) send = dlsym(RTLD_NEXT, "iscsi_task_mgmt_async");
    struct awaited awaited = {told, private_data, 0};
    int failed = send(iscsi, lun, function, ritt, rcmdsn, answered, &awaited);

    while (!failed && !awaited.answered) {
        struct pollfd connection = {iscsi_get_fd(iscsi), iscsi_which_events(iscsi), 0};

        if (poll(&connection, 1, PATIENCE_MS) != 1) return -1;
        failed = iscsi_service(iscsi, connection.revents);
    }
    return failed;
}
