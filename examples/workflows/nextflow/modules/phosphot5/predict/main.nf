process PHOSPHOT5_PREDICT {
    tag "${meta.id}"
    label 'process_low'

    conda "${projectDir}/../environment.yaml"
    container 'phosphot5:light'

    input:
    tuple val(meta), path(fasta)

    output:
    tuple val(meta), path("${prefix}.tsv") , emit: sites
    tuple val(meta), path("${prefix}.json"), emit: summary
    path 'versions.yml'                    , emit: versions

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: "${meta.id}"
    """
    phosphot5 predict ${fasta} \\
        --output ${prefix}.tsv \\
        --json ${prefix}.json \\
        --threads ${task.cpus} \\
        ${args}

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        phosphot5: \$(phosphot5 --version | sed 's/phosphot5 //')
    END_VERSIONS
    """

    stub:
    prefix = task.ext.prefix ?: "${meta.id}"
    """
    touch ${prefix}.tsv ${prefix}.json

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        phosphot5: \$(phosphot5 --version | sed 's/phosphot5 //')
    END_VERSIONS
    """
}
