//! seccomp: system calls that fail with EPERM from now on.
//!
//! The list names what is refused, and refusal is an error and not the end of the process. A list
//! of what is allowed would be tighter, and would break: which calls the C library, the runtime and
//! SQLite make changes with their versions and with the kernel (clone3, rseq, futex_waitv came that
//! way), and a mail server that dies or errs at such a call after an upgrade of the system is worse
//! than one that may call `getitimer`. What is refused here is what systemd leaves out of its
//! group `@system-service`, and more. Under systemd that group itself can be had on top, kept up to
//! date by systemd: the unit file does so.

use libc::{c_int, c_long};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};
use std::collections::BTreeMap;

/// Calls that always fail.
const REFUSED: &[c_long] = &[
    // Other programs.
    libc::SYS_execve,
    libc::SYS_execveat,
    // Other processes' memory and files.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    // The kernel itself.
    libc::SYS_bpf,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_reboot,
    libc::SYS_syslog,
    libc::SYS_acct,
    libc::SYS_personality,
    // A way around filters of calls, with faults of its own each year; the runtime does without.
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    // What the file tree looks like, and files by number instead of by name.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_move_mount,
    libc::SYS_mount_setattr,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_quotactl,
    libc::SYS_open_by_handle_at,
    libc::SYS_mknodat,
    // Namespaces, users, names.
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_setuid,
    libc::SYS_setgid,
    libc::SYS_setreuid,
    libc::SYS_setregid,
    libc::SYS_setresuid,
    libc::SYS_setresgid,
    libc::SYS_setfsuid,
    libc::SYS_setfsgid,
    libc::SYS_setgroups,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    // The clock.
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    // Keys that the kernel keeps.
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    // Memory that others may share or move.
    libc::SYS_shmat,
    libc::SYS_move_pages,
    libc::SYS_migrate_pages,
];

/// Calls that only this kind of processor has.
#[cfg(target_arch = "x86_64")]
const REFUSED_HERE: &[c_long] = &[
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_modify_ldt,
    libc::SYS_mknod,
    libc::SYS_uselib,
    libc::SYS_ustat,
    libc::SYS_sysfs,
    libc::SYS__sysctl,
];
#[cfg(not(target_arch = "x86_64"))]
const REFUSED_HERE: &[c_long] = &[];

/// Flags of clone(2) that make namespaces.
const NAMESPACES: &[c_int] = &[
    libc::CLONE_NEWNS,
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
];

/// ioctl(2): puts an octet into a terminal's input.
const TIOCSTI: u64 = 0x5412;

/// Filters the calls of this thread and of those that it starts.
///
/// # Errors
/// A sentence: this kernel, or this kind of processor, cannot do it.
pub(super) fn restrict() -> Result<(), String> {
    // The C library takes EPERM of clone3 for final, and ENOSYS for a reason to use clone, whose
    // flags can be looked at.
    let absent = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    for (rules, errno) in [(absent, libc::ENOSYS), (rules()?, libc::EPERM)] {
        let program = program(rules, errno).map_err(told)?;
        apply_filter(&program).map_err(told)?;
    }
    Ok(())
}

fn program(
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    errno: c_int,
) -> Result<BpfProgram, seccompiler::BackendError> {
    let processor = TargetArch::try_from(std::env::consts::ARCH)?;
    let refuse = SeccompAction::Errno(errno.unsigned_abs());
    SeccompFilter::new(rules, SeccompAction::Allow, refuse, processor)?.try_into()
}

fn rules() -> Result<BTreeMap<i64, Vec<SeccompRule>>, String> {
    let refused = REFUSED.iter().chain(REFUSED_HERE);
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = refused
        .flat_map(|call| [Some(*call), second_number(*call)])
        .flatten()
        .map(always)
        .collect();
    let unix = unsigned(libc::AF_UNIX);
    let (write, execute) = (unsigned(libc::PROT_WRITE), unsigned(libc::PROT_EXEC));
    let made_executable = || when(2, SeccompCmpOp::MaskedEq(execute), execute);
    // Written to be run: what an intruder brings along.
    let both = write | execute;
    let namespace = |flag: &c_int| {
        let flag = unsigned(*flag);
        when(0, SeccompCmpOp::MaskedEq(flag), flag)
    };
    let conditional = [
        // The listeners are there; a server calls nobody.
        (libc::SYS_socket, vec![when(0, SeccompCmpOp::Ne, unix)?]),
        (libc::SYS_mmap, vec![when(2, SeccompCmpOp::MaskedEq(both), both)?]),
        (libc::SYS_mprotect, vec![made_executable()?]),
        (libc::SYS_pkey_mprotect, vec![made_executable()?]),
        (libc::SYS_clone, NAMESPACES.iter().map(namespace).collect::<Result<_, _>>()?),
        // Typing into the terminal from which it was started.
        (libc::SYS_ioctl, vec![when(1, SeccompCmpOp::Eq, TIOCSTI)?]),
    ];
    for (call, conditions) in conditional {
        rules.extend(second_number(call).map(always));
        rules.insert(call, conditions);
    }
    Ok(rules)
}

fn always(call: c_long) -> (c_long, Vec<SeccompRule>) {
    (call, Vec::new())
}

/// On x86-64 a kernel may know a call by a second number as well (x32), which no program of this
/// kind uses, and which the filter takes for another call.
fn second_number(call: c_long) -> Option<c_long> {
    const X32: c_long = 0x4000_0000;
    /// Calls with a number of their own in x32.
    const OWN: &[(c_long, c_long)] = &[
        (libc::SYS_ioctl, 514),
        (libc::SYS_execve, 520),
        (libc::SYS_ptrace, 521),
        (libc::SYS_kexec_load, 528),
        (libc::SYS_process_vm_readv, 539),
        (libc::SYS_process_vm_writev, 540),
        (libc::SYS_execveat, 545),
    ];
    let own = OWN.iter().find(|(native, _)| *native == call).map_or(call, |(_, own)| *own);
    cfg!(target_arch = "x86_64").then_some(own | X32)
}

fn when(argument: u8, compare: SeccompCmpOp, value: u64) -> Result<SeccompRule, String> {
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, compare, value);
    condition.and_then(|condition| SeccompRule::new(vec![condition])).map_err(told)
}

fn unsigned(value: c_int) -> u64 {
    u64::from(value.unsigned_abs())
}

fn told(error: impl std::fmt::Display) -> String {
    format!("seccomp: {error}")
}
